import {
  type DescField,
  type DescMessage,
  type FileRegistry,
  ScalarType,
} from '@bufbuild/protobuf';
import { rulesOf, type TypeRules } from '../support/rules.js';
import { delimited, double, type Field, joined, unsigned, varint } from './wire.js';

/** A field with a value that cannot be accepted. */
export interface BadField {
  readonly what: string;
  /** The field, as errors name it. */
  readonly name: string;
  /** The numbers of the fields that lead to it. */
  readonly path: readonly number[];
  readonly field: Field;
  /** Whether the contract refuses it. If not, a handler may find that it is harmless. */
  readonly isRefused: boolean;
}

type Bad = Pick<BadField, 'what' | 'field' | 'isRefused'>;

const MAX_UINT64 = 2n ** 64n - 1n;
const NOT_UTF8 = Uint8Array.of(0x61, 0xff, 0xfe, 0x62);
const HUGE = 1024 * 1024;

/** Bad values for every field that a request has, however deep. */
export function badFields(type: DescMessage, files: FileRegistry): readonly BadField[] {
  return type.fields.flatMap((field) => [
    ...badValues(field, files).map((bad) => ({ ...bad, name: field.name, path: [field.number] })),
    ...badFieldsBelow(field, files),
  ]);
}

function badFieldsBelow(field: DescField, files: FileRegistry): readonly BadField[] {
  const { message, number } = field;
  if (!message?.typeName.startsWith('ramet.')) return [];
  const name = field.fieldKind === 'list' ? `${field.name}[0]` : field.name;
  return badFields(message, files).map((bad) => ({
    ...bad,
    name: `${name}.${bad.name}`,
    path: [number, ...bad.path],
  }));
}

function badValues(field: DescField, files: FileRegistry): readonly Bad[] {
  const rules = rulesOf(field, files) ?? {};
  const { number } = field;
  switch (field.fieldKind) {
    case 'scalar':
      return badScalars(number, field.scalar, rules);
    case 'enum':
      return [9_999n, -1n].map((value) => refused(`enum ${value}`, varint(number, value)));
    case 'list':
      return tooMany(rules.maxItems, () => {
        const isNumber = field.listKind === 'scalar' && field.scalar === ScalarType.UINT64;
        const isVarint = field.listKind === 'enum' || isNumber;
        return isVarint ? varint(number, 1n) : delimited(number, '');
      });
    case 'map':
      return [
        ...tooMany(rules.maxPairs, (at) => delimited(number, entry(`k${at}`, ''))),
        refused('a key that is too long', delimited(number, entry('k'.repeat(5_000), ''))),
        refused('a value that is too long', delimited(number, entry('k', 'v'.repeat(5_000)))),
        refused('a key with NUL', delimited(number, entry('a\0b', ''))),
        refused('a value with NUL', delimited(number, entry('k', 'a\0b'))),
      ];
    case 'message':
      return badMessages(number, field.message);
  }
}

function badScalars(number: number, scalar: ScalarType, rules: TypeRules): readonly Bad[] {
  switch (scalar) {
    case ScalarType.STRING:
      return [
        refused('text that is not UTF-8', delimited(number, NOT_UTF8)),
        refused('huge text', delimited(number, 'x'.repeat(HUGE))),
        ...limitsOf(rules).map((limit) =>
          refused('text that is one too long', delimited(number, 'x'.repeat(limit + 1))),
        ),
        refused('text with NUL', delimited(number, 'a\0b')),
        perhaps('odd text', delimited(number, "\u202e'; drop table x; -- $1 %s \n")),
        refused('a number for text', varint(number, 1n)),
      ];
    case ScalarType.BYTES:
      return [
        refused('huge bytes', delimited(number, new Uint8Array(HUGE))),
        ...limitsOf(rules).map((limit) =>
          refused('bytes that are one too many', delimited(number, new Uint8Array(limit + 1))),
        ),
        perhaps('garbage', delimited(number, Uint8Array.of(0, 255, 1, 254))),
      ];
    case ScalarType.DOUBLE:
      return [Number.NaN, Infinity, -Infinity].map((value) =>
        refused(String(value), double(number, value)),
      );
    case ScalarType.INT32:
      return [refused('a negative size', varint(number, -1n))];
    case ScalarType.UINT64:
      return [refused('the largest number', unsigned(number, MAX_UINT64))];
    default:
      return [refused('text for a number', delimited(number, 'text'))];
  }
}

function badMessages(number: number, type: DescMessage): readonly Bad[] {
  const time = (seconds: bigint, nanos: bigint): Field =>
    delimited(number, joined([varint(1, seconds), varint(2, nanos)]));
  const garbage = refused(
    'bytes that are no message',
    delimited(number, Uint8Array.of(0x0a, 0xff)),
  );
  switch (type.typeName) {
    case 'google.protobuf.Timestamp':
      return [
        garbage,
        refused('a time after the year 9999', time(253_402_300_800n, 0n)),
        refused('a time before the year 1', time(-62_135_596_801n, 0n)),
        refused('nanoseconds below zero', time(0n, -1n)),
        refused('the largest number of seconds', time(2n ** 63n - 1n, 0n)),
      ];
    case 'google.protobuf.Duration':
      return [
        garbage,
        refused('a negative time', time(-1n, 0n)),
        refused('a time of 10000 years and more', time(315_576_000_001n, 0n)),
        refused('signs that do not agree', time(1n, -1n)),
      ];
    default:
      return [garbage];
  }
}

function tooMany(limit: bigint | undefined, item: (at: number) => Field): readonly Bad[] {
  const count = Number(limit ?? 0n) + 1;
  return [refused('one too many', joined(Array.from({ length: count }, (_, at) => item(at))))];
}

function limitsOf({ maxLen = 0n, maxBytes = 0n }: TypeRules): readonly number[] {
  return [maxLen, maxBytes].filter((limit) => limit > 0n).map(Number);
}

function entry(key: string, value: string): Uint8Array {
  return joined([delimited(1, key), delimited(2, value)]);
}

function refused(what: string, field: Field): Bad {
  return { what, field, isRefused: true };
}

function perhaps(what: string, field: Field): Bad {
  return { what, field, isRefused: false };
}
