import {
  type DenialRecord,
  type GetReceiptRequest,
  type LogAudit,
  LogEntry,
  LogFaultKind,
  type LogKey as LogKeyMessage,
  type SignatureRecord,
  type SignedHead,
} from '@ramet/proto-gen/keys.v1';
import type { Denial } from './domain/denial.js';
import type {
  Audited,
  FaultKind,
  Head,
  LogKey,
  LogOwner,
  LogRecord,
  RecordName,
} from './domain/log.js';
import type { Signature } from './domain/signature.js';
import { toOwnerMessage } from './messages.js';

/**
 * The bytes of an entry, which are hashed into a log.
 *
 * They must come out the same for a record for ever: a field that the messages get later has to be
 * absent for records from before.
 */
export function entryOf(owner: LogOwner, record: LogRecord): Buffer {
  const message: LogEntry = {
    owner: toLogOwnerMessage(owner),
    record:
      record.kind === 'signature'
        ? { $case: 'signature', value: toLoggedSignature(record.signature) }
        : { $case: 'denial', value: toDenialMessage(record.denial) },
  };
  return Buffer.from(LogEntry.encode(message).finish());
}

function toLoggedSignature(signature: Signature): SignatureRecord {
  return {
    position: signature.position,
    keyId: signature.keyId,
    grantId: signature.grantId,
    cloneId: signature.cloneId,
    executionId: signature.executionId,
    requestId: signature.requestId,
    scheme: signature.scheme,
    payloadDigest: signature.digest,
    acceptTime: signature.acceptedAt,
    traceId: signature.traceId,
    nonce: signature.nonce,
    keyVersion: signature.keyVersion,
  };
}

/** A refusal on the wire, and in the log. */
export function toDenialMessage({ at, ...denial }: Denial): DenialRecord {
  return {
    id: denial.id,
    keyId: denial.keyId,
    cloneId: denial.cloneId,
    executionId: denial.executionId,
    reason: denial.reason,
    count: denial.count,
    time: at,
    traceId: denial.traceId,
  };
}

/** A head on the wire. */
export function toHeadMessage(owner: LogOwner, { size, root, at, note }: Head): SignedHead {
  return { owner: toLogOwnerMessage(owner), size: BigInt(size), root, time: at, note };
}

/** A log key on the wire. */
export function toLogKeyMessage({ verifier, createdAt, retiredAt }: LogKey): LogKeyMessage {
  return { verifier, createTime: createdAt, retireTime: retiredAt };
}

/** What an audit has found, on the wire. */
export function toAuditMessage({ owner, size, heads, faults }: Audited): LogAudit {
  return {
    owner: toLogOwnerMessage(owner),
    size: BigInt(size),
    heads: BigInt(heads),
    faults: faults.map(({ kind, at, text }) => ({ kind: FAULT[kind], at: BigInt(at), text })),
  };
}

const FAULT = {
  record_changed: LogFaultKind.RECORD_CHANGED,
  record_missing: LogFaultKind.RECORD_MISSING,
  record_inserted: LogFaultKind.RECORD_INSERTED,
  tree_changed: LogFaultKind.TREE_CHANGED,
  log_cut: LogFaultKind.LOG_CUT,
  head_untrue: LogFaultKind.HEAD_UNTRUE,
  head_forged: LogFaultKind.HEAD_FORGED,
} as const satisfies Record<FaultKind, LogFaultKind>;

/** Which record a request names, or undefined if it names none. */
export function recordNameOf(name: GetReceiptRequest['record']): RecordName | undefined {
  switch (name?.$case) {
    case 'requestId':
      return { by: 'request', requestId: name.value };
    case 'signaturePosition':
      return { by: 'signature', position: name.value };
    case 'denialId':
      return { by: 'denial', id: name.value };
    case undefined:
      return undefined;
  }
}

function toLogOwnerMessage(owner: LogOwner): LogEntry['owner'] {
  return owner.kind === 'mesh' ? undefined : toOwnerMessage(owner);
}
