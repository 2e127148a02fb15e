import type { Head, Log, LogOwner } from '../domain/log.js';

/** A row of `log`. */
export interface LogRow {
  readonly id: bigint;
  readonly owner_kind: LogOwner['kind'];
  readonly owner_id: string;
  readonly size: bigint;
  readonly peaks: readonly Buffer[];
}

/** A row of `log_head`. */
export interface HeadRow {
  readonly size: bigint;
  readonly root: Buffer;
  readonly at: Date;
  readonly note: string;
}

/** A log as the domain knows it. */
export function toLog({ id, owner_kind, owner_id, size, peaks }: LogRow): Log {
  return { id, owner: ownerOf(owner_kind, owner_id), size: Number(size), peaks };
}

/** A head as the domain knows it. */
export function toHead({ size, ...head }: HeadRow): Head {
  return { ...head, size: Number(size) };
}

function ownerOf(kind: LogOwner['kind'], id: string): LogOwner {
  return kind === 'mesh' ? { kind, id: '' } : { kind, id };
}
