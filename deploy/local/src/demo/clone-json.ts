import {
  type Clone,
  CloneDesired,
  CloneKind,
  ClonePhase,
  type CompletionReport,
  type Execution,
  OutcomeKind,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';

/** A clone in the JSON form of protocol buffers, without what is empty. */
export function cloneJson(clone: Clone): object {
  const { owner, kind, desired, phase, execution, limits, ...rest } = clone;
  return bare({
    ...rest,
    owner: owner && ownerJson(owner),
    kind: wordOf('CLONE_KIND', CloneKind, kind),
    desired: wordOf('CLONE_DESIRED', CloneDesired, desired),
    phase: wordOf('CLONE_PHASE', ClonePhase, phase),
    limits: limits && {
      ...(limits.runTime && { runTime: `${limits.runTime.seconds}s` }),
      ...(limits.grace && { grace: `${limits.grace.seconds}s` }),
      ...(limits.memoryBytes > 0n && { memoryBytes: limits.memoryBytes }),
    },
    execution: execution && executionJson(execution),
  });
}

/** How an execution ended, and what its workload said of it. */
export function outcomeJson({ outcome, report }: Execution): object {
  return bare({
    ...outcome,
    kind: wordOf('OUTCOME_KIND', OutcomeKind, outcome?.kind ?? 0),
    report: report && reportJson(report),
  });
}

function executionJson(execution: Execution): object {
  const { outcome, report, ...rest } = execution;
  const kind = outcome && wordOf('OUTCOME_KIND', OutcomeKind, outcome.kind);
  return bare({
    ...rest,
    outcome: outcome && bare({ ...outcome, kind }),
    report: report && reportJson(report),
  });
}

function reportJson({ metrics, ...report }: CompletionReport): object {
  return { ...bare(report), metrics: metrics.map(bare) };
}

function ownerJson({ owner }: Owner): object {
  return owner ? { [owner.$case]: owner.value } : {};
}

/** The whole name of an enum's value. */
function wordOf(prefix: string, words: Readonly<Record<string, number>>, value: number): string {
  const [word = String(value)] = Object.entries(words).find(([, one]) => one === value) ?? [];
  return `${prefix}_${word}`;
}

/** A message without its empty fields, large integers as text. */
function bare(message: object): object {
  const fields = Object.entries(message).filter(([, value]) => !isEmpty(value));
  return Object.fromEntries(
    fields.map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value as object).length === 0 && !isDate(value);
}

function isDate(value: unknown): boolean {
  return value instanceof Date;
}
