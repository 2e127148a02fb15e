import assert from 'node:assert/strict';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@ramet/service';
import { testFolder } from '../testing/folder.js';
import { reportSteps } from './report.js';
import { SpanReader } from './spans.js';
import { STEPS } from './steps.js';
import { ToldSteps } from './told-steps.js';

// Goal: the report of a demo stands and falls with what the services wrote down.
// Method: files of spans as the services write them, one of which is removed after the story.

describe('the records of a demo', () => {
  it('make a report', () => {
    using folder = testFolder();
    const records = new SpanReader(folder.path);
    writeStory(folder.path);

    assert.equal(reportSteps(records.read()).length, STEPS.length);
  });

  for (const service of ['teams', 'keys', 'lifecycle', 'executor']) {
    it(`make none when those of ${service} are removed`, () => {
      using folder = testFolder();
      const records = new SpanReader(folder.path);
      writeStory(folder.path);
      rmSync(join(folder.path, `${service}.jsonl`));

      assert.throws(() => reportSteps(records.read()), new RegExp(`${service} has no record of`));
    });
  }

  it('are not those of a demo before', () => {
    using folder = testFolder();
    writeStory(folder.path);
    const records = new SpanReader(folder.path);

    assert.throws(() => reportSteps(records.read()), /the records do not tell of a demo/);
  });

  it('are told as they come, each step once', async () => {
    using folder = testFolder();
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    await using steps = new ToldSteps({ traces: folder.path, clock: systemClock, say });

    writeStory(folder.path);
    writeStory(folder.path);
    await steps.complete(10_000);

    assert.equal(lines.length, STEPS.length);
    assert.match(
      lines.join('\n'),
      /step {2}5 {2}lifecycle -> keys {7}AuthorizeCloneToUseKey +OK +1\.5 ms/,
    );
  });
});

/** Writes a span for each step, a second apart, into the file of the service that saw it. */
function writeStory(folder: string): void {
  for (const { n, caller, callee, rpc, seenBy } of STEPS) {
    const service = seenBy === 'client' ? caller : callee;
    const span = {
      ...{ service, name: rpc, kind: seenBy, ms: 1.5, status: 'OK' },
      trace_id: n >= 5 && n <= 8 ? 'nested' : `trace-${n}`,
      start: `2026-01-02T03:04:${String(n).padStart(2, '0')}.000000Z`,
      attributes: { 'ramet.caller': caller === 'user' ? 'user:usr_1' : `service:${caller}` },
      ...(caller !== 'user' && {
        attributes: { 'ramet.caller': `service:${caller}`, 'ramet.caller_service': caller },
      }),
    };
    appendFileSync(join(folder, `${service}.jsonl`), `${JSON.stringify(span)}\n`);
  }
}
