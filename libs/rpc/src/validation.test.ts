import assert from 'node:assert/strict';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { PublicError, type Violation } from '@ramet/errors';
import { readRegistry } from './contract.js';
import { type EchoRequest, echoService, testContract } from './test-contract.js';
import { createDecoders } from './validation.js';

const { echo } = echoService();
const decode = createDecoders(readRegistry(testContract()))({ ...echo } as never);

const text = (field: number, value: string | Uint8Array) =>
  new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(Buffer.from(value)).finish();
const nested = (field: number, ...parts: readonly Uint8Array[]) =>
  text(field, Buffer.concat(parts));
const int = (field: number, value: number | bigint) =>
  new BinaryWriter().tag(field, WireType.Varint).int64(BigInt(value)).finish();
const NOT_UTF8 = Uint8Array.from([0x61, 0xff, 0x62]);
const NAN = new BinaryWriter().tag(4, WireType.Bit64).double(Number.NaN).finish();
const LONG_NOT_UTF8 = Buffer.concat([Buffer.alloc(40, 'a'), NOT_UTF8]);
const tag = (field: number, wireType: number) => Uint8Array.from([(field << 3) | wireType]);

/** What stands on the wire, and which fields are named for it. */
const BROKEN: readonly (readonly [string, Uint8Array, readonly string[]])[] = [
  ['a text that is too long', text(1, 'x'.repeat(11)), ['text']],
  ['an empty name in a list', nested(2, text(1, '')), ['items[0].name']],
  ['an empty name further on in a list', join(item('a'), item('')), ['items[1].name']],
  ['too many items', join(item('a'), item('b'), item('c'), item('d')), ['items']],
  ['an enum value that is not defined', int(3, 17), ['color']],
  ['a number that is none', NAN, ['ratio']],
  ['text that is not UTF-8', text(1, NOT_UTF8), ['text']],
  ['longer text that is not UTF-8', text(8, LONG_NOT_UTF8), ['right']],
  ['text with NUL', text(1, 'a\0b'), ['text']],
  ['longer text with NUL', text(8, `${'a'.repeat(40)}\0`), ['right']],
  ['a value with NUL', nested(5, text(1, 'k'), text(2, 'a\0b')), ['labels[0].value']],
  ['a key that is not UTF-8', nested(5, text(1, NOT_UTF8), text(2, 'v')), ['labels[0].key']],
  ['a value that is not UTF-8', nested(5, text(1, 'k'), text(2, NOT_UTF8)), ['labels[0].value']],
  ['a name in a oneof that is not UTF-8', nested(7, text(1, NOT_UTF8)), ['left.name']],
  ['a time after the year 9999', nested(6, int(1, 253_402_300_800n)), ['at']],
  ['a time with negative nanoseconds', nested(6, int(1, 1), int(2, -1)), ['at']],
  ['a duration of two signs', nested(11, int(1, 1), int(2, -1)), ['lasts']],
  ['a message that is given twice', join(nested(7), nested(7)), ['left', 'left.name']],
  [
    'several things at once',
    join(text(1, 'x'.repeat(11)), int(3, 9), item(''), text(8, NOT_UTF8)),
    ['color', 'items[0].name', 'right', 'text'],
  ],
  ['a text in place of a number', text(3, 'red'), ['color']],
  ['a number in place of a text', int(1, 1), ['text']],
  ['a fixed number in place of a list', join(tag(9, 5), Buffer.alloc(4)), ['numbers[0]']],
  ['a group', join(tag(1, 3), tag(1, 4)), ['text']],
  ['an unknown group', join(tag(15, 3), tag(15, 4)), ['']],
  ['a field number of zero', Uint8Array.from([0, 1]), ['']],
  ['a tag without an end', Uint8Array.from([0xff]), ['']],
  ['a text that ends too soon', Uint8Array.from([0x0a, 5, 0x61]), ['text']],
  [
    'an inner text that ends after its message',
    nested(2, Uint8Array.from([0x0a, 9])),
    ['items[0].name'],
  ],
  ['a number that ends too soon', Uint8Array.from([0x18, 0x80]), ['color']],
];

describe('decoding a request', () => {
  it('reads one that keeps all bounds', () => {
    const bytes = join(text(1, 'hello'), item('a'), int(3, 1), nested(9, Uint8Array.from([1, 2])));
    const request = decode(Buffer.from(bytes)) as EchoRequest;
    assert.equal(request.text, 'hello');
    assert.deepEqual(request.numbers, [1, 2]);
  });

  it('passes over fields of a newer contract', () => {
    const newer = join(text(1, 'hello'), text(100, 'new'), int(101, 5));
    assert.equal((decode(Buffer.from(newer)) as EchoRequest).text, 'hello');
  });

  it('reads lists of numbers in both forms', () => {
    const bytes = join(int(9, 1), nested(9, Uint8Array.from([2, 3])), int(9, 4));
    assert.deepEqual((decode(Buffer.from(bytes)) as EchoRequest).numbers, [1, 2, 3, 4]);
  });

  for (const [what, bytes, fields] of BROKEN) {
    it(`refuses ${what}, naming ${fields.join(', ') || 'no field'}`, () => {
      const violations = violationsOf(bytes);
      assert.deepEqual(violations.map(({ field }) => field).sort(), fields);
      for (const { description } of violations) assert.notEqual(description, '');
    });
  }

  it('refuses messages that are nested too deeply', () => {
    let bytes: Uint8Array = text(1, 'x');
    for (let depth = 0; depth < 200; depth += 1) bytes = nested(10, bytes);
    const [violation, ...others] = violationsOf(bytes);
    assert.match(violation?.field ?? '', /^inner(\.inner)+$/);
    assert.equal(violation?.description, 'is nested too deeply');
    assert.deepEqual(others, []);
  });

  it('never throws anything but a list of violations, whatever the bytes', () => {
    let seed = 42;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const whole = Buffer.from(
      join(text(1, 'hello'), item('a'), int(3, 1), NAN, nested(6, int(1, 5))),
    );
    for (let round = 0; round < 3_000; round += 1) {
      const bytes = Buffer.from(whole.subarray(0, 1 + random(whole.length)));
      for (let flips = random(4); flips >= 0; flips -= 1) bytes[random(bytes.length)] = random(256);
      try {
        decode(bytes);
      } catch (thrown) {
        assert.ok(thrown instanceof PublicError, `${bytes.toString('hex')}: ${String(thrown)}`);
        assert.ok(thrown.violations.length > 0);
      }
    }
  });
});

function item(name: string): Uint8Array {
  return nested(2, text(1, name));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function violationsOf(bytes: Uint8Array): readonly Violation[] {
  try {
    decode(Buffer.from(bytes));
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError);
    assert.equal(thrown.reason, 'REQUEST_INVALID');
    return thrown.violations;
  }
  return [];
}
