import { currentTrace } from '@ramet/database';
import type { ActionEnd, NewAction } from '../domain/action.js';
import type { Clone } from '../domain/clone.js';
import { changing, counts, fromExecution } from './clone-row.js';
import type { SealedSecret } from './secrets.js';

/** A request that may come twice. */
export interface Request {
  /** Who asks: each has request ids of their own. */
  readonly caller: string;
  /** Empty: it is not repeated. */
  readonly requestId: string;
  /** Tells it from another one. */
  readonly fingerprint: Buffer;
}

/** A change of a clone, ready to be written. */
export interface CloneChange {
  readonly next: Clone;
  readonly kind: string;
  readonly actor: string;
  readonly cause: string;
  /** What somebody does with it. */
  readonly action?: NewAction;
  /** How what somebody did has ended with it. */
  readonly actionEnd?: ActionEnd;
  /** Makes it have one effect, however often it is asked. */
  readonly request?: Request;
  /** The secret values that the clone needs with it. */
  readonly secrets?: readonly SealedSecret[];
  /** The time of the change, by the database's clock. */
  readonly at: Date;
  /** The lease of the reconciler that makes it. */
  readonly lease?: Lease;
  /** When the clone is due: at the latest, or next if this ends a reconciler's step. */
  readonly dueInMs?: number | null;
}

/** Who changes a clone, and why. */
export interface ChangedBy
  extends Pick<CloneChange, 'kind' | 'actor' | 'cause' | 'action' | 'secrets' | 'request'> {
  /** How soon its reconciler has to see the change. */
  readonly dueInMs: number;
}

export interface Lease {
  readonly seq: bigint;
  /** Whether its step ends with this change. */
  readonly finishes: boolean;
}

/** Why a change was not written. `QUOTA_EXCEEDED` is followed by the resource. */
export type Refused =
  | 'CONFLICT'
  | 'STALE_LEASE'
  | 'NAME_TAKEN'
  | 'EXTERNAL_REF_TAKEN'
  | 'REPEATED'
  | 'REQUEST_ID_REUSED'
  | `QUOTA_EXCEEDED ${string}`;

/** A change of a clone, as the database takes it. */
export function changeOf(before: Clone, change: CloneChange, hash: Buffer): object {
  const { next, kind, actor, cause, lease, dueInMs } = change;
  const isRenamed = before.name !== next.name || before.owner.id !== next.owner.id;
  return {
    clone: changing(before, next, hash),
    execution: next.execution ? fromExecution(next.execution) : null,
    kind,
    actor,
    cause,
    trace: currentTrace(),
    lease: lease?.seq.toString() ?? null,
    finishes: lease?.finishes ?? false,
    due_ms: dueInMs ?? null,
    counts: counts(before, next),
    guarded: isRenamed || (next.restart !== undefined && before.restart === undefined),
    request: change.request ? requestOf(change.request) : null,
    action: change.action ?? null,
    action_end: change.actionEnd ?? null,
    secrets: change.secrets ?? [],
  };
}

function requestOf({ caller, requestId, fingerprint }: Request): object {
  return { caller, request_id: requestId, fingerprint: fingerprint.toString('hex') };
}
