// Mocha's own report, what was run once more and why, and the counts as one line in the file that
// the option `report` names: with those of the runs before, if it has any.
const { readFileSync, writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const repeated = [];
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      repeated.push(`run once more: ${test.fullTitle()}\n${error?.stack ?? error}\n`);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { report } = options.reporterOption;
      const { passes, failures, pending } = this.stats;
      const before = countsIn(readFileSync(report, 'utf8'));
      const skipped = before.skipped + pending;
      const counts = `${before.passed + passes} passed, ${before.failed + failures} failed`;
      console.log(repeated.join('\n'));
      writeFileSync(report, `${counts}${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  }
};

function countsIn(line) {
  const count = (word) => Number(line.match(`(\\d+) ${word}`)?.[1] ?? 0);
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}
