import { isUtf8 } from 'node:buffer';
import type { DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Violation } from '@ramet/errors';
import { type FieldPlan, type Plan, planOf } from './wire-plan.js';

/**
 * Looks at the bytes of a message before anything decodes them.
 *
 * Two decoders read each request: one to validate, one for the handler. They agree on well-formed
 * bytes only, so that whatever one of them would overlook or replace is refused here: wrong wire
 * types, singular messages given twice, groups, text that is not UTF-8. Also refused is what no
 * rule of the contract can express for all fields: enum values that are not defined, NaN, times
 * out of range, and NUL in text, which no database and no program's argument can hold.
 */
export interface WireFindings {
  readonly violations: readonly Violation[];
  /** The bytes, with question marks for text that is not UTF-8. Undefined if nothing can be read. */
  readonly readable: Uint8Array | undefined;
}

/** Compiles the inspection of one type of message. */
export function inspectorOf(message: DescMessage): (bytes: Uint8Array) => WireFindings {
  const plan = planOf(message, new Map());
  return (bytes) => {
    const walk = new Walk(bytes);
    try {
      walk.message(plan, bytes.length, undefined, 0);
    } catch {
      // The reader ran over the end, or met a varint without one.
      walk.giveUp('cannot be decoded');
    }
    return walk;
  };
}

interface Path {
  readonly parent: Path | undefined;
  readonly name: string;
  /** The index in a list, the key in a map. */
  readonly at: number | string | undefined;
}

const MAX_DEPTH = 100;
const SHORT_TEXT = 32;
const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';
/** From the year 1 to the year 9999, as google/protobuf/timestamp.proto promises. */
const TIMESTAMP_SECONDS = [-62_135_596_800, 253_402_300_799] as const;
const DURATION_SECONDS = [-315_576_000_000, 315_576_000_000] as const;

class Walk implements WireFindings {
  readonly violations: Violation[] = [];
  readable: Uint8Array | undefined;
  /** The innermost field that was being read. */
  at: Path | undefined;
  readonly #bytes: Uint8Array;
  readonly #reader: BinaryReader;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.readable = bytes;
    this.#reader = new BinaryReader(bytes);
  }

  message(plan: Plan, end: number, path: Path | undefined, depth: number): void {
    const reader = this.#reader;
    let counts: Map<number, number> | undefined;
    while (reader.pos < end) {
      const tag = reader.uint32();
      const field = plan.fields.get(tag >>> 3);
      if (!field) {
        this.at = path;
        this.#skip(tag & 7, tag >>> 3, end);
        continue;
      }

      let index: number | undefined;
      if (field.repeated || field.child) {
        counts ??= new Map();
        const count = counts.get(tag >>> 3) ?? 0;
        counts.set(tag >>> 3, count + 1);
        if (field.repeated) index = count;
        else if (count > 0)
          this.#violation(
            { parent: path, name: field.name, at: undefined },
            'is given more than once',
          );
      }
      this.#field(field, tag & 7, end, { parent: path, name: field.name, at: index }, depth);
    }
    if (reader.pos !== end) this.#malformed();
  }

  #field(field: FieldPlan, wireType: number, end: number, path: Path, depth: number): void {
    this.at = path;
    const reader = this.#reader;
    const packed = field.repeated && wireType === WireType.LengthDelimited;
    if (packed && field.wireType !== WireType.LengthDelimited) {
      const listEnd = this.#end(end);
      for (let at = 0; reader.pos < listEnd; at += 1)
        this.#value(field, listEnd, { ...path, at }, depth);
      if (reader.pos !== listEnd) this.#malformed();
      return;
    }
    if (wireType !== field.wireType) this.#malformed();
    this.#value(field, end, path, depth);
  }

  #value(field: FieldPlan, end: number, path: Path, depth: number): void {
    const reader = this.#reader;
    switch (field.kind) {
      case 'scalar':
        this.#skip(field.wireType, 1, end);
        return;
      case 'text':
        this.#text(this.#end(end), path);
        return;
      case 'enum': {
        const value = reader.int32();
        if (field.enumValues.has(value)) return;
        this.#violation(path, `${value} is not a value of ${field.enumName}`);
        return;
      }
      case 'float':
        if (Number.isNaN(reader.float())) this.#violation(path, 'must be a number');
        return;
      case 'double':
        if (Number.isNaN(reader.double())) this.#violation(path, 'must be a number');
        return;
      case 'message':
      case 'map':
        this.#child(field, this.#end(end), path, depth + 1);
    }
  }

  #child(field: FieldPlan, end: number, path: Path, depth: number): void {
    const plan = field.child;
    if (!plan) return;
    if (depth > MAX_DEPTH) {
      this.giveUp('is nested too deeply');
      throw new RangeError('nested too deeply');
    }
    const start = this.#reader.pos;
    this.message(plan, end, path, depth);
    if (plan.typeName === TIMESTAMP) this.#time(start, end, path, TIMESTAMP_SECONDS, 0);
    if (plan.typeName === DURATION) this.#time(start, end, path, DURATION_SECONDS, -999_999_999);
  }

  #text(end: number, path: Path): void {
    const reader = this.#reader;
    const start = reader.pos;
    reader.pos = end;
    if (end - start <= SHORT_TEXT && isPlain(this.#bytes, start, end)) return;
    const text = this.#bytes.subarray(start, end);
    if (text.includes(0)) this.#violation(path, 'must not contain NUL');
    if (isUtf8(text)) return;
    this.#violation(path, 'must be valid UTF-8');
    if (this.readable === this.#bytes) this.readable = Uint8Array.from(this.#bytes);
    this.readable?.fill(0x3f, start, end);
  }

  #time(
    start: number,
    end: number,
    path: Path,
    [first, last]: readonly [number, number],
    minNanos: number,
  ): void {
    const reader = this.#reader;
    let seconds = 0;
    let nanos = 0;
    reader.pos = start;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 1) seconds = Number(reader.int64());
      else if (field === 2) nanos = reader.int32();
      else reader.skip(wireType, field);
    }
    const inRange = seconds >= first && seconds <= last;
    const signsAgree = minNanos === 0 || seconds === 0 || nanos === 0 || seconds > 0 === nanos > 0;
    if (inRange && signsAgree && nanos >= minNanos && nanos <= 999_999_999) return;
    this.#violation(path, 'is out of range');
  }

  /** Reads a length. Returns where what follows ends. */
  #end(limit: number): number {
    const length = this.#reader.uint32();
    const end = this.#reader.pos + length;
    if (end > limit) this.#malformed();
    return end;
  }

  #skip(wireType: number, field: number, limit: number): void {
    const reader = this.#reader;
    if (field === 0) this.#malformed();
    if (wireType === WireType.Varint) {
      while ((this.#bytes[reader.pos] ?? 0) > 0x7f) reader.pos += 1;
      reader.pos += 1;
    } else if (wireType === WireType.LengthDelimited) {
      reader.pos = this.#end(limit);
    } else if (wireType === WireType.Bit64) {
      reader.pos += 8;
    } else if (wireType === WireType.Bit32) {
      reader.pos += 4;
    } else {
      this.#malformed();
    }
    if (reader.pos > limit) this.#malformed();
  }

  #malformed(): never {
    this.giveUp('cannot be decoded');
    throw new RangeError('malformed');
  }

  /** Notes why the rest cannot be read, at the field that was being read. Only the first counts. */
  giveUp(description: string): void {
    if (!this.readable) return;
    this.readable = undefined;
    this.#violation(this.at, description);
  }

  #violation(path: Path | undefined, description: string): void {
    this.violations.push({ field: textOf(path), description });
  }
}

/** Whether bytes are ASCII without NUL. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0 || byte > 0x7f) return false;
  }
  return true;
}

function textOf(path: Path | undefined): string {
  if (!path) return '';
  const parent = textOf(path.parent);
  const index = path.at === undefined ? '' : `[${path.at}]`;
  return `${parent}${parent === '' ? '' : '.'}${path.name}${index}`;
}
