import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Precondition, QuotaViolation, Resource, Violation } from '@ramet/errors';

/** What travels beside the code and message of an error: the details of google.rpc.Status. */
export interface Details {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly resource: Resource | undefined;
  readonly preconditions: readonly Precondition[];
  readonly quotas: readonly QuotaViolation[];
  readonly retryAfterMs: number | undefined;
  readonly correlationId: string;
  readonly traceId: string;
}

/** Where the reasons of errors are defined. */
const ERROR_DOMAIN = 'ramet.dev';

const TYPE_PREFIX = 'type.googleapis.com/google.rpc.';
/** Details and message together stay below this, so that they fit a header block anywhere. */
const MAX_BYTES = 4_000;
const MAX_TEXT_BYTES = 300;
/** What the names of all types and the lengths around them take at most. */
const FRAME_BYTES = 500;

/** Encodes a google.rpc.Status of at most 4 KB: what does not fit is left out, last first. */
export function encodeStatus(code: number, message: string, details: Details): Buffer {
  const { reason, metadata, resource, correlationId, traceId, retryAfterMs } = details;
  const status = new BinaryWriter();
  status.tag(1, WireType.Varint).int32(code);
  text(status, 2, message);
  detail(status, 'RequestInfo', [correlationId, traceId]);
  if (retryAfterMs !== undefined) any(status, 'RetryInfo', retryInfo(retryAfterMs));
  if (resource) detail(status, 'ResourceInfo', [resource.kind, resource.id]);

  const fixed = [message, correlationId, traceId, reason, resource?.kind ?? '', resource?.id ?? ''];
  let room = MAX_BYTES - FRAME_BYTES - sizeOf(fixed);
  const fits = (texts: readonly string[]): boolean => {
    room -= sizeOf(texts);
    return room > 0;
  };
  const entries = Object.entries(metadata).filter((entry) => fits(entry));
  any(status, 'ErrorInfo', errorInfo(reason, entries));
  list(status, 'PreconditionFailure', details.preconditions.map(preconditionFields).filter(fits));
  list(status, 'QuotaFailure', details.quotas.map(quotaFields).filter(fits));
  list(status, 'BadRequest', details.violations.map(violationFields).filter(fits));
  return Buffer.from(status.finish());
}

/** Decodes the details of a google.rpc.Status. What is not known or not whole reads as absent. */
export function decodeDetails(bytes: Uint8Array): Details {
  const parts = new Map<string, Fields>();
  for (const each of readFields(bytes).get(3) ?? []) {
    const wrapped = readFields(each);
    const value = wrapped.get(2)?.[0] ?? new Uint8Array();
    parts.set(textOf(wrapped, 1).slice(TYPE_PREFIX.length), readFields(value));
  }
  const info = parts.get('ErrorInfo');
  const resource = parts.get('ResourceInfo');
  const request = parts.get('RequestInfo');
  const retry = parts.get('RetryInfo');
  return {
    reason: textOf(info, 1),
    metadata: Object.fromEntries(
      listOf(info, 3).map((entry) => [textOf(entry, 1), textOf(entry, 2)]),
    ),
    violations: listOf(parts.get('BadRequest'), 1).map((each) => ({
      field: textOf(each, 1),
      description: textOf(each, 2),
    })),
    resource: resource && { kind: textOf(resource, 1), id: textOf(resource, 2) },
    preconditions: listOf(parts.get('PreconditionFailure'), 1).map((each) => ({
      type: textOf(each, 1),
      subject: textOf(each, 2),
      description: textOf(each, 3),
    })),
    quotas: listOf(parts.get('QuotaFailure'), 1).map((each) => ({
      subject: textOf(each, 1),
      description: textOf(each, 2),
    })),
    retryAfterMs: retry && durationMs(retry),
    correlationId: textOf(request, 1),
    traceId: textOf(request, 2),
  };
}

const preconditionFields = (each: Precondition) => [each.type, each.subject, each.description];
const quotaFields = (each: QuotaViolation) => [each.subject, each.description];
const violationFields = (each: Violation) => [each.field, each.description];

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, each) => sum + Buffer.byteLength(cut(each)) + 4, 4);
}

function cut(value: string): string {
  if (value.length * 3 <= MAX_TEXT_BYTES) return value;
  const bytes = Buffer.from(value);
  if (bytes.length <= MAX_TEXT_BYTES) return value;
  return `${bytes.subarray(0, MAX_TEXT_BYTES).toString()}…`;
}

function text(writer: BinaryWriter, field: number, value: string): void {
  if (value !== '') writer.tag(field, WireType.LengthDelimited).string(cut(value));
}

function texts(values: readonly string[]): Uint8Array {
  const writer = new BinaryWriter();
  values.forEach((value, index) => {
    text(writer, index + 1, value);
  });
  return writer.finish();
}

function any(status: BinaryWriter, type: string, value: Uint8Array): void {
  status.tag(3, WireType.LengthDelimited).fork();
  status.tag(1, WireType.LengthDelimited).string(TYPE_PREFIX + type);
  status.tag(2, WireType.LengthDelimited).bytes(value);
  status.join();
}

/** Adds a detail whose fields, from number 1 on, are texts. */
function detail(status: BinaryWriter, type: string, values: readonly string[]): void {
  any(status, type, texts(values));
}

/** Adds a detail whose field 1 repeats messages of texts. */
function list(status: BinaryWriter, type: string, items: readonly (readonly string[])[]): void {
  if (items.length === 0) return;
  const writer = new BinaryWriter();
  for (const item of items) writer.tag(1, WireType.LengthDelimited).bytes(texts(item));
  any(status, type, writer.finish());
}

function errorInfo(reason: string, metadata: readonly (readonly [string, string])[]): Uint8Array {
  const writer = new BinaryWriter();
  text(writer, 1, reason);
  text(writer, 2, ERROR_DOMAIN);
  for (const entry of metadata) writer.tag(3, WireType.LengthDelimited).bytes(texts(entry));
  return writer.finish();
}

function retryInfo(ms: number): Uint8Array {
  const duration = new BinaryWriter();
  duration.tag(1, WireType.Varint).int64(Math.floor(ms / 1_000));
  duration.tag(2, WireType.Varint).int32(Math.floor((ms % 1_000) * 1e6));
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(duration.finish()).finish();
}

function durationMs(retry: Fields): number {
  const [bytes] = retry.get(1) ?? [];
  if (!bytes) return 0;
  let ms = 0;
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) ms += Number(reader.int64()) * 1_000;
    else if (field === 2) ms += reader.int32() / 1e6;
    else reader.skip(wireType, field);
  }
  return ms;
}

/** The length-delimited fields of a message by number. Others are passed over. */
type Fields = ReadonlyMap<number, readonly Uint8Array[]>;

function readFields(bytes: Uint8Array): Fields {
  const fields = new Map<number, Uint8Array[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, field);
      continue;
    }
    const values = fields.get(field) ?? [];
    values.push(reader.bytes());
    fields.set(field, values);
  }
  return fields;
}

function textOf(fields: Fields | undefined, field: number): string {
  const bytes = fields?.get(field)?.at(-1);
  return bytes ? Buffer.from(bytes).toString() : '';
}

function listOf(fields: Fields | undefined, field: number): readonly Fields[] {
  return (fields?.get(field) ?? []).map(readFields);
}
