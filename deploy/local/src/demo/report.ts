import type { Recorded } from './spans.js';
import { STEPS, stepOf } from './steps.js';

/** One step of the main job, as the services recorded it. */
export interface ReportedStep {
  readonly n: number;
  readonly caller: string;
  readonly callee: string;
  readonly rpc: string;
  /** When its first call began, RFC 3339. */
  readonly at: string;
  /** How long its first call took. */
  readonly ms: number;
  readonly trace_id: string;
  /** How many calls there were: steps 10 and 11 repeat. */
  readonly count: number;
}

/** What a demo can prove of itself from the records of the services. */
export interface Report {
  readonly steps: readonly ReportedStep[];
  readonly clone: object;
  /** How many signatures the log of keys has. */
  readonly signatures: number;
  readonly outcome: object;
}

/**
 * Makes the steps of the report out of what the services recorded.
 *
 * Throws, naming each step of which nobody recorded a call that went well, and each that was not
 * in its place: this is what a demo that did not happen looks like.
 */
export function reportSteps(spans: readonly Recorded[]): ReportedStep[] {
  const problems: string[] = [];
  const steps = STEPS.flatMap((step) => {
    const calls = spans.filter((span) => stepOf(span)?.n === step.n && span.status === 'OK');
    const [first] = [...calls].sort((a, b) => a.start.localeCompare(b.start));
    if (!first) {
      problems.push(`step ${step.n}: ${step.callee} has no record of ${step.rpc}`);
      return [];
    }
    const { n, caller, callee, rpc } = step;
    const { start: at, ms, traceId: trace_id } = first;
    return [{ n, caller, callee, rpc, at, ms, trace_id, count: calls.length }];
  });
  if (problems.length === 0) problems.push(...outOfPlace(steps));
  if (problems.length > 0)
    throw new Error(`the records do not tell of a demo:\n  ${problems.join('\n  ')}`);
  return steps;
}

/** Pairs of steps of which the first has to begin before the second. */
const ORDER: readonly (readonly [number, number])[] = [
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 5],
  [5, 6],
  [6, 7],
  [7, 9],
  [9, 10],
  [9, 11],
  [10, 13],
  [13, 14],
  [14, 15],
];

/** Steps of one call chain: they share its trace. */
const NESTED: readonly (readonly [number, number])[] = [
  [5, 6],
  [5, 7],
  [5, 8],
];

function outOfPlace(steps: readonly ReportedStep[]): string[] {
  const get = (n: number): ReportedStep | undefined => steps.find((step) => step.n === n);
  const late = ORDER.filter(([a, b]) => (get(a)?.at ?? '') > (get(b)?.at ?? ''));
  const apart = NESTED.filter(([a, b]) => get(a)?.trace_id !== get(b)?.trace_id);
  return [
    ...late.map(([a, b]) => `step ${a} began after step ${b}`),
    ...apart.map(([a, b]) => `steps ${a} and ${b} are not of one trace`),
  ];
}
