import assert from 'node:assert/strict';
import { reportSteps } from './report.js';
import type { Recorded } from './spans.js';
import { STEPS, stepOf } from './steps.js';

describe('the report of a demo', () => {
  it('has one entry for each of the fifteen steps', () => {
    const steps = reportSteps(recorded());

    assert.deepEqual(
      steps.map(({ n }) => n),
      STEPS.map(({ n }) => n),
    );
  });

  it('counts the calls of the steps that repeat', () => {
    const spans = recorded();
    const sign = spans.filter((span) => stepOf(span)?.n === 10);

    const steps = reportSteps([...spans, ...sign, ...sign]);

    assert.equal(steps.find(({ n }) => n === 10)?.count, 3);
  });

  for (const service of ['teams', 'keys', 'lifecycle', 'executor']) {
    it(`fails when the spans of ${service} are missing`, () => {
      const spans = recorded().filter((span) => span.service !== service);

      assert.throws(() => reportSteps(spans), new RegExp(`${service} has no record of`));
    });
  }

  it('fails when a step happened out of its place', () => {
    const spans = recorded().map((span) =>
      stepOf(span)?.n === 15 ? { ...span, start: '2026-01-01T00:00:00.000000Z' } : span,
    );

    assert.throws(() => reportSteps(spans), /step 14 began after step 15/);
  });

  it('fails when the nested calls are not of one trace', () => {
    const spans = recorded().map((span) =>
      stepOf(span)?.n === 7 ? { ...span, traceId: 'another' } : span,
    );

    assert.throws(() => reportSteps(spans), /steps 5 and 7 are not of one trace/);
  });

  it('does not take a call that failed for a step', () => {
    const spans = recorded().map((span) =>
      stepOf(span)?.n === 9 ? { ...span, status: 'UNAVAILABLE' } : span,
    );

    assert.throws(() => reportSteps(spans), /step 9: executor has no record/);
  });
});

/** A span for each step, a second apart, as the services would write them. */
function recorded(): Recorded[] {
  return STEPS.map(({ n, caller, callee, rpc, seenBy }) => ({
    service: seenBy === 'client' ? caller : callee,
    name: rpc,
    kind: seenBy,
    traceId: n >= 5 && n <= 8 ? 'nested' : `trace-${n}`,
    start: `2026-01-02T03:04:${String(n).padStart(2, '0')}.000000Z`,
    ms: 1.5,
    status: 'OK',
    attributes:
      caller === 'user'
        ? { 'ramet.caller': 'user:usr_1' }
        : { 'ramet.caller': `service:${caller}`, 'ramet.caller_service': caller },
  }));
}
