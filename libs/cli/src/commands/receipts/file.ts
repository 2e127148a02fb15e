import type { Receipt } from '@ramet/proto-gen/keys.v1';
import { UsageError } from '../../usage-error.js';

/** What a file has that proves something. */
export type ProofFile =
  | ({ readonly kind: 'receipt' } & ReceiptFile)
  | ({ readonly kind: 'consistency' } & ConsistencyFile)
  | { readonly kind: 'head'; readonly note: string };

/** The proof that an entry is in a log. */
interface ReceiptFile {
  readonly entry: Buffer;
  readonly index: number;
  readonly proof: readonly Buffer[];
  /** The head, as a signed note. */
  readonly head: string;
}

/** The proof that a log has grown from one head to another. */
interface ConsistencyFile {
  readonly first: string;
  readonly second: string;
  readonly proof: readonly Buffer[];
}

/** A signature of a signed note, after the empty line that ends its text. */
const SIGNED_NOTE = /^[^{].*\n\n\u2014 /s;
const RECEIPT = 'ramet.receipt.v1';
const CONSISTENCY = 'ramet.consistency.v1';

/** Writes a receipt as a file. */
export function printReceipt({ entry, index, proof, head }: Receipt): string {
  return print({
    format: RECEIPT,
    entry: entry.toString('base64'),
    index: Number(index),
    proof: proof.map((hash) => hash.toString('base64')),
    head: head?.note ?? '',
  });
}

/** Writes a proof of consistency as a file. */
export function printConsistency({ first, second, proof }: ConsistencyFile): string {
  const hashes = proof.map((hash) => hash.toString('base64'));
  return print({ format: CONSISTENCY, first, second, proof: hashes });
}

/** Reads a file: a receipt, a proof of consistency, or a head. Throws UsageError if it is none. */
export function parseProofFile(text: string): ProofFile {
  if (SIGNED_NOTE.test(text)) return { kind: 'head', note: text };
  const fields = parseObject(text);
  switch (fields.format) {
    case RECEIPT:
      return {
        kind: 'receipt',
        entry: bytesOf(fields.entry),
        index: wholeOf(fields.index),
        proof: hashesOf(fields.proof),
        head: textOf(fields.head),
      };
    case CONSISTENCY:
      return {
        kind: 'consistency',
        first: textOf(fields.first),
        second: textOf(fields.second),
        proof: hashesOf(fields.proof),
      };
    default:
      throw notProof();
  }
}

function print(fields: object): string {
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    throw notProof();
  }
}

function hashesOf(value: unknown): readonly Buffer[] {
  if (!Array.isArray(value)) throw notProof();
  return value.map(bytesOf);
}

/** Bytes are written in one way only: what is read differently elsewhere is not read here. */
function bytesOf(value: unknown): Buffer {
  const bytes = Buffer.from(textOf(value), 'base64');
  if (bytes.toString('base64') !== value) throw notProof();
  return bytes;
}

function wholeOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw notProof();
  return value as number;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw notProof();
  return value;
}

function notProof(): UsageError {
  return new UsageError(
    'the file is no receipt, proof or head of a version that this command knows',
  );
}
