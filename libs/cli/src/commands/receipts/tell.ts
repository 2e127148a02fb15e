import type { JsonValue } from '@bufbuild/protobuf';
import type { Checkpoint } from '@ramet/merkle';
import { LogEntry } from '@ramet/proto-gen/keys.v1';
import type { Output } from '../../output.js';
import { type Field, layFields } from '../../print/fields.js';
import { shape } from '../../print/json.js';
import { moment } from '../../print/values.js';
import { signatureView } from '../../views/keys.js';
import { denialView } from '../../views/logs.js';
import type { Proven } from './verify.js';

/** Tells what was proven. */
export function tellProven(out: Output, { head, entry, first }: Proven): void {
  const json: JsonValue = {
    head: jsonOf(head),
    ...(entry && {
      index: entry.index,
      entry: out.jsonOf(shape('keys.v1.LogEntry', LogEntry), entry.entry),
    }),
    ...(first && { first: jsonOf(first) }),
  };
  const fields: readonly Field[] = [
    ['proven', claimOf({ head, ...(entry && { entry }), ...(first && { first }) })],
    ['log', head.origin],
    ['signed', moment(head.time)],
    ['root', head.root.toString('hex')],
    ...recordFields(entry?.entry.record),
  ];
  out.value(json, layFields(fields).trimEnd());
}

function claimOf({ head, entry, first }: Proven): string {
  if (entry) return `entry ${entry.index} of ${head.size}`;
  return first ? `growth from ${first.size} to ${head.size} entries` : `a head of ${head.size}`;
}

function recordFields(record: LogEntry['record']): readonly Field[] {
  switch (record?.$case) {
    case 'signature':
      return signatureView().fields(record.value);
    case 'denial':
      return denialView().fields(record.value);
    case undefined:
      return [];
  }
}

function jsonOf({ origin, size, root, time }: Checkpoint): JsonValue {
  return { origin, size, root: root.toString('base64'), time: time.toISOString() };
}
