import type { Clone, Endpoint } from './clone.js';
import type { Workload } from './outcome.js';

/** What is known when the next action is chosen: read, or come back from the actions before. */
export interface Facts {
  /** The database's time. */
  readonly now: Date;
  /** What the next execution would be called. */
  readonly nextExecutionId: string;
  /** When the runner of the current execution claimed it. */
  readonly claimedAt?: Date;
  /** When its workload has reported progress last. */
  readonly activeAt?: Date;
  /** What its probe has found last. Absent: nothing yet. */
  readonly health?: Health;
  readonly endpoints?: readonly Endpoint[];
  /** What stood in the way the last time. Empty: nothing did. */
  readonly problem: string;
  readonly keyIsListed?: boolean;
  readonly keyIsGranted?: true;
  /** Set if the executor has never made the current execution. */
  readonly isUnmade?: true;
  readonly signingIsStopped?: true;
  readonly keyIsReleased?: true;
  readonly storageIsGone?: boolean;
  /** The workload of the current execution; for what ends, `none` stands for gone without a trace. */
  readonly workload?: Workload | 'none';
  /** What the workload was asked for last. */
  readonly asked?: Effect;
  /** Why a peer will never do what was asked of it. */
  readonly refusal?: Refusal;
}

/** What a probe has found. */
export interface Health {
  readonly ready: boolean;
  readonly message: string;
}

/** A peer's no, which asking again does not change. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** What to ask of a peer. Every one of them is safe to repeat. */
export type Effect =
  | 'list_key'
  | 'authorize_key'
  | 'find_execution'
  | 'create_execution'
  | 'read_execution'
  | 'revoke_grant'
  | 'stop_execution'
  | 'delete_executions'
  | 'delete_storage'
  | 'release_key';

/** What is still known after a change was recorded, in the same pass. */
export function factsAfter(facts: Facts, before: Clone, next: Clone): Facts {
  if (before.execution?.id === next.execution?.id) return facts;
  const { now, problem, nextExecutionId, keyIsListed } = facts;
  return { now, problem, nextExecutionId, ...(keyIsListed !== undefined && { keyIsListed }) };
}
