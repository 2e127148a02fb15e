import type { Registry, Rpc } from '../support/contract.js';
import { badFields } from './bad-fields.js';
import { delimited, joined, replaced } from './wire.js';

/** A request that is wrong in one way. */
export interface BadRequest {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** The field that the refusal has to name. Undefined: any refusal will do, or none. */
  readonly field: string | undefined;
}

const GARBAGE = 12;
const START_GROUP = 0x0b;
const DEPTH = 10_000;
const SEED = 20_240_229;

/** Requests that are each wrong in one way, made from one that is right. The same in each run. */
export function badRequests(
  rpc: Rpc,
  good: Uint8Array,
  { files }: Registry,
): readonly BadRequest[] {
  const inFields = badFields(rpc.method.input, files).map(
    ({ what, name, path, field, isRefused }) => ({
      what: `${what} in ${name}`,
      bytes: replaced(good, path, field),
      field: isRefused ? name : undefined,
    }),
  );
  return [...inFields, ...malformed(good)];
}

function malformed(good: Uint8Array): readonly BadRequest[] {
  const random = createRandom(SEED);
  const broken = (what: string, bytes: Uint8Array): BadRequest => ({
    what,
    bytes,
    field: undefined,
  });
  const groups = new Uint8Array(DEPTH).fill(START_GROUP);
  return [
    broken('nothing', new Uint8Array()),
    broken('a field without a number', joined([good, Uint8Array.of(0x00, 0x00)])),
    broken('a number without an end', joined([good, new Uint8Array(11).fill(0xff)])),
    broken('a length over the end', joined([good, Uint8Array.of(0xfa, 0x7f, 0xff, 0xff, 0x7f)])),
    broken('groups within groups', joined([good, groups])),
    broken('messages within messages', joined([good, nested(500)])),
    broken('a byte too few', good.slice(0, -1)),
    broken('the first half', good.slice(0, good.length / 2)),
    ...Array.from({ length: GARBAGE }, (_, at) => {
      return broken(`garbage ${at}`, joined([random(1 << at), Uint8Array.of(0x00)]));
    }),
  ];
}

function nested(depth: number): Uint8Array {
  let message = new Uint8Array();
  for (let at = 0; at < depth; at += 1) message = new Uint8Array(delimited(1, message));
  return message;
}

/** Bytes that look random and are the same in each run: a linear congruential generator. */
function createRandom(seed: number): (count: number) => Uint8Array {
  let state = seed;
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}
