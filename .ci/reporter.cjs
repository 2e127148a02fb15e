// Mocha's own report, what was run once more and why, and the counts as one line in the file that
// the option `report` names.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const repeated = [];
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      repeated.push(`run once more: ${test.fullTitle()}\n${error?.stack ?? error}\n`);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const skipped = pending > 0 ? `, ${pending} skipped` : '';
      const line = `${passes} passed, ${failures} failed${skipped}\n`;
      console.log(repeated.join('\n'));
      writeFileSync(options.reporterOption.report, line);
    });
  }
};
