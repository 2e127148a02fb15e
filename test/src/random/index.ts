/** Numbers from 0 up to 1 that look random and are the same for the same seed. */
export type Random = () => number;

/** Makes such numbers: xorshift. */
export function seeded(seed: number): Random {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A whole number below another. */
export function below(random: Random, most: number): number {
  return Math.floor(random() * most);
}

/** One of some. */
export function oneOf<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[below(random, items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

/** So many bytes. */
export function randomBytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => below(random, 256)));
}

/** Bytes with some of them changed, taken out, doubled or cut off. */
export function mutated(random: Random, bytes: Buffer): Buffer {
  const at = below(random, bytes.length);
  const some = randomBytes(random, 1 + below(random, 3));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  return oneOf(random, [
    Buffer.concat([before, some, after.subarray(some.length)]),
    Buffer.concat([before, some, after]),
    Buffer.concat([before, after.subarray(some.length)]),
    Buffer.concat([before, after.subarray(0, 8), after]),
    before,
  ]);
}
