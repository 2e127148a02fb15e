import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../demo/report.js';
import { processesMarked } from '../proc.js';
import { MARK } from '../service-env.js';
import { type TestFolder, testFolder, testNats } from '../testing/folder.js';
import { demo } from './demo.js';

// Goal: the demo goes well if all that it shows has happened, and fails if that cannot be shown.
// Method: the command itself, with a mesh, a bot and an exchange of its own.

const STEPS = 15;

describe('the demo', function () {
  this.timeout(180_000);

  it('lives through the main job, reports it, and leaves nothing running', async () => {
    using folder = testFolder();
    const run = runIn(folder);

    assert.equal(await run.demo(), 0, run.lines.join('\n'));

    const report: Report = JSON.parse(readFileSync(run.report, 'utf8'));
    assert.deepEqual(
      report.steps.map(({ n }) => n),
      Array.from({ length: STEPS }, (_, index) => index + 1),
    );
    assert.equal(report.steps.find(({ n }) => n === 10)?.count, report.signatures);
    assert.ok(report.signatures > 10);
    const { phase } = report.clone as { readonly phase: string };
    assert.equal(phase, 'CLONE_PHASE_DELETED');
    const { kind } = report.outcome as { readonly kind: string };
    assert.equal(kind, 'OUTCOME_KIND_SUCCEEDED');
    assert.deepEqual(processesMarked(MARK, run.state), []);
  });

  it('fails when the records of a service are removed, and leaves nothing running', async () => {
    using folder = testFolder();
    const run = runIn(folder, (line, state) => {
      if (line.startsWith('  history')) rmSync(join(state, 'traces', 'teams.jsonl'));
    });

    assert.equal(await run.demo(), 1, run.lines.join('\n'));

    assert.match(run.lines.join('\n'), /step 7: teams has no record of/);
    assert.ok(!existsSync(run.report));
    assert.deepEqual(processesMarked(MARK, run.state), []);
  });
});

interface Run {
  readonly state: string;
  readonly report: string;
  readonly lines: readonly string[];
  demo(): Promise<number>;
}

/** A demo in a folder of its own; `onLine` sees each line as it is said. */
function runIn({ path }: TestFolder, onLine?: (line: string, state: string) => void): Run {
  const [state, report] = [join(path, 'state'), join(path, 'report.json')];
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    onLine?.(line, state);
  };
  const context = {
    env: { ...process.env, NATS_SERVER_BIN: testNats() },
    args: ['--state', state, '--report', report],
    ...{ say, complain: say },
    untilAsked: () => new Promise(() => undefined),
  };
  return { ...{ state, report, lines }, demo: () => demo(context) };
}
