import { AuditCallerKind, AuditRecord } from '@ramet/proto-gen/audit.v1';
import type { View } from '../output.js';
import { nameOf, spelled } from '../parse/choice.js';
import { shape } from '../print/json.js';
import type { Paint } from '../print/paint.js';
import { moment } from '../print/values.js';

/** How a record is written as JSON. */
export const auditRecord = shape('audit.v1.AuditRecord', AuditRecord);

/** How the audit is shown. */
export function auditView(paint: Paint): View<AuditRecord> {
  return {
    shape: auditRecord,
    fields: (record) => [
      ['service', record.service],
      ['position', `${record.position}`],
      ['time', moment(record.time)],
      ['by', callerOf(record)],
      ['on behalf of', record.onBehalfOf],
      ['from', record.peer],
      ['certificate of', record.peerService],
      ['action', record.action],
      ['on', record.targets.join(', ')],
      ['result', resultOf(record)],
      ['times', `${record.count}`],
      ['trace', record.traceId],
    ],
    columns: [
      { title: 'TIME', value: ({ time }) => moment(time) },
      { title: 'SERVICE', value: ({ service }) => service },
      { title: 'BY', value: callerOf },
      { title: 'FROM', value: ({ peer }) => peer },
      { title: 'ACTION', value: ({ action }) => action },
      { title: 'RESULT', value: resultOf, paint: paint.state },
      { title: 'TIMES', value: ({ count }) => (count > 1 ? `${count}` : ''), right: true },
      { title: 'ON', value: ({ targets }) => targets.join(' '), flexible: true },
    ],
  };
}

/** One record of a stream, as a line for people. */
export function auditLine(record: AuditRecord): string {
  const { time, service, action, targets } = record;
  const parts = [moment(time), service, callerOf(record), action, resultOf(record), ...targets];
  return parts.join(' ');
}

function callerOf({ callerKind, callerId, onBehalfOf }: AuditRecord): string {
  const kind = spelled(nameOf(AuditCallerKind, callerKind));
  const caller = callerId === '' ? kind : `${kind}:${callerId}`;
  return onBehalfOf === '' ? caller : `${caller} for ${onBehalfOf}`;
}

function resultOf({ code, reason }: AuditRecord): string {
  if (reason === '') return code;
  // What was done, and nobody was told of.
  return code === 'OK' ? `OK (${reason})` : reason;
}
