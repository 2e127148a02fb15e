import type { ReadOptions } from './blob-store.js';

/** The bytes to read. `length` is infinite if all that follow are wanted. */
export function rangeOf(options: ReadOptions): { offset: number; length: number } {
  const { offset = 0, length = Number.POSITIVE_INFINITY } = options;
  if (!isCount(offset)) throw new RangeError(`offset must be a whole number: ${offset}`);
  if (options.length !== undefined && !isCount(length)) {
    throw new RangeError(`length must be a whole number: ${length}`);
  }
  return { offset, length };
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}
