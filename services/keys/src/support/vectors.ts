import { readFileSync } from 'node:fs';

/** A signature that a publisher says is good or bad: bytes as hex. */
export interface SignatureVector {
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid';
}

/** Reads one of the files in `vectors`, which say where they are from. */
export function vectorsIn<Vectors>(file: string): Vectors {
  const url = new URL(`../../vectors/${file}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Vectors;
}

/** The bytes of hex. */
export function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
