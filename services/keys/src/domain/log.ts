import type { Denial } from './denial.js';
import type { Owner } from './owner.js';
import type { Signature } from './signature.js';

/** Whose a log is: an owner's, or the mesh's own, of refusals for keys that are not there. */
export type LogOwner = Owner | typeof MESH;

/** The mesh, as the owner of a log. */
export const MESH = { kind: 'mesh', id: '' } as const;

/** What a log has an entry for. */
export type LogRecord =
  | { readonly kind: 'signature'; readonly signature: Signature }
  | { readonly kind: 'denial'; readonly denial: Denial };

/** A log, as it is now. */
export interface Log {
  readonly id: bigint;
  readonly owner: LogOwner;
  readonly size: number;
  readonly peaks: readonly Buffer[];
}

/** What was said of a log, signed. */
export interface Head {
  readonly size: number;
  readonly root: Buffer;
  readonly at: Date;
  readonly note: string;
}

/** A key that heads are verified with. */
export interface LogKey {
  readonly generation: number;
  readonly verifier: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | undefined;
}

/** Something that is wrong with a log. */
export interface Fault {
  readonly kind: FaultKind;
  /** The index of the entry, or the size of the head or tree. */
  readonly at: number;
  readonly text: string;
}

/** What an audit has found of one log. */
export interface Audited {
  readonly owner: LogOwner;
  readonly size: number;
  /** How many heads were compared. */
  readonly heads: number;
  readonly faults: readonly Fault[];
}

/** Which record of a key. */
export type RecordName =
  | { readonly by: 'request'; readonly requestId: string }
  | { readonly by: 'signature'; readonly position: bigint }
  | { readonly by: 'denial'; readonly id: bigint };

/** What may be wrong with a log. */
export type FaultKind =
  | 'record_changed'
  | 'record_missing'
  | 'record_inserted'
  | 'tree_changed'
  | 'log_cut'
  | 'head_untrue'
  | 'head_forged';

/** The place of a record among those of its kind. */
export function positionOf(record: LogRecord): bigint {
  return record.kind === 'signature' ? record.signature.position : record.denial.id;
}

/** The name of a log in its heads, for ever and everywhere. Ids of owners have no line ends. */
export function originOf({ kind, id }: LogOwner): string {
  return kind === 'mesh' ? `${ISSUER}/mesh` : `${ISSUER}/${kind}/${id}`;
}

/** The name that heads are signed under. */
export const ISSUER = 'ramet.dev/keys';
