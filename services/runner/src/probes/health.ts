/** What a single probe has found. */
export type Finding =
  | { readonly isWell: true }
  | { readonly isWell: false; readonly message: string };

/** What is known of a workload's health. */
export interface HealthState {
  /** How many probes in a row have failed. */
  readonly failures: number;
  /** Absent: there is no answer yet, or not enough of them. */
  readonly verdict?: Verdict;
}

/** Whether a workload is well, and if not, what the probe last said. */
export interface Verdict {
  readonly ready: boolean;
  readonly message: string;
}

/** Before the first probe. */
export const UNKNOWN: HealthState = { failures: 0 };

/**
 * What is known after one more probe.
 *
 * One success makes it well; only so many failures in a row make it unwell. In between the last
 * verdict stands.
 */
export function probed(before: HealthState, finding: Finding, limit: number): HealthState {
  if (finding.isWell) return { failures: 0, verdict: { ready: true, message: '' } };
  const failures = before.failures + 1;
  if (failures < limit) return { ...before, failures };
  return { failures, verdict: { ready: false, message: finding.message } };
}

/** Whether a verdict is news to those who know the one before. */
export function isNews(before: Verdict | undefined, after: Verdict | undefined): boolean {
  return before?.ready !== after?.ready;
}
