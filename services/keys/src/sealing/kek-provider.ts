import { KEK_BYTES, type Kek, kekOf } from './kek.js';

/** Where key-encryption keys come from. */
export interface KekProvider {
  /** What to call it in a log: never what it gives. */
  readonly name: string;
  /** The keys: the newest first, with those before it. Throws if there are none to be had. */
  read(): Promise<readonly Kek[]>;
  /** Whether `read` may give something else than the last time, as far as can be told for little. */
  hasChanged(): boolean;
}

const MOST_KEKS = 16;
/** More than this no provider needs to read. */
export const MOST_BYTES = MOST_KEKS * KEK_BYTES;

/** Makes keys of bytes that hold one after the other. Zeroes the bytes it is given. */
export function keksOf(bytes: Buffer): readonly Kek[] {
  const count = bytes.length / KEK_BYTES;
  try {
    if (!Number.isInteger(count) || count < 1 || count > MOST_KEKS) {
      throw new Error(
        `must be 1 to ${MOST_KEKS} keys of ${KEK_BYTES} bytes, not ${bytes.length} bytes`,
      );
    }
    const keks = Array.from({ length: count }, (_, nth) => {
      return kekOf(bytes.subarray(nth * KEK_BYTES, (nth + 1) * KEK_BYTES));
    });
    if (new Set(keks.map(({ id }) => id)).size < count) throw new Error('has a key twice');
    return keks;
  } finally {
    bytes.fill(0);
  }
}
