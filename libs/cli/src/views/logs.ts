import { DenialRecord, LogAudit, LogFaultKind, LogKey, SignedHead } from '@ramet/proto-gen/keys.v1';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { moment, ownerId } from '../print/values.js';

/** How refusals to sign are shown. */
export function denialView(): View<DenialRecord> {
  return {
    shape: shape('keys.v1.DenialRecord', DenialRecord),
    fields: (record) => [
      ['id', `${record.id}`],
      ['key', record.keyId],
      ['clone', record.cloneId],
      ['execution', record.executionId],
      ['reason', record.reason],
      ['count', `${record.count}`],
      ['recorded', moment(record.time)],
      ['trace', record.traceId],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => `${id}`, right: true },
      { title: 'RECORDED', value: ({ time }) => moment(time) },
      { title: 'REASON', value: ({ reason }) => reason },
      { title: 'COUNT', value: ({ count }) => `${count}`, right: true },
      { title: 'CLONE', value: ({ cloneId }) => cloneId },
      { title: 'TRACE', value: ({ traceId }) => traceId, flexible: true },
    ],
  };
}

/** How signed heads are shown. */
export function headView(): View<SignedHead> {
  const root = (head: SignedHead): string => head.root.toString('hex');
  return {
    shape: shape('keys.v1.SignedHead', SignedHead),
    fields: (head) => [
      ['owner', logOwner(head)],
      ['size', `${head.size}`],
      ['root', root(head)],
      ['signed', moment(head.time)],
    ],
    columns: [
      { title: 'SIZE', value: ({ size }) => `${size}`, right: true },
      { title: 'SIGNED', value: ({ time }) => moment(time) },
      { title: 'ROOT', value: root },
    ],
  };
}

/** How the keys of heads are shown. */
export function logKeyView(): View<LogKey> {
  return {
    shape: shape('keys.v1.LogKey', LogKey),
    fields: (key) => [
      ['verifier', key.verifier],
      ['since', moment(key.createTime)],
      ['until', moment(key.retireTime)],
    ],
    columns: [
      { title: 'SINCE', value: ({ createTime }) => moment(createTime) },
      { title: 'UNTIL', value: ({ retireTime }) => moment(retireTime) },
      { title: 'VERIFIER', value: ({ verifier }) => verifier },
    ],
  };
}

/** How the audit of a log is shown. */
export function auditView(): View<LogAudit> {
  const faults = (audit: LogAudit): string =>
    audit.faults
      .map(({ kind, at, text }) => `${nameOf(LogFaultKind, kind)} at ${at}: ${text}`)
      .join('; ');
  return {
    shape: shape('keys.v1.LogAudit', LogAudit),
    fields: (audit) => [
      ['owner', logOwner(audit)],
      ['entries', `${audit.size}`],
      ['heads', `${audit.heads}`],
      ['faults', faults(audit)],
    ],
    columns: [
      { title: 'OWNER', value: logOwner },
      { title: 'ENTRIES', value: ({ size }) => `${size}`, right: true },
      { title: 'HEADS', value: ({ heads }) => `${heads}`, right: true },
      { title: 'FAULTS', value: (audit) => faults(audit) || 'none', flexible: true },
    ],
  };
}

function logOwner({ owner }: Pick<SignedHead, 'owner'>): string {
  return owner ? ownerId(owner) : 'the mesh';
}
