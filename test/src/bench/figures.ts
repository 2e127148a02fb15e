/** The middle one of values; 0 if there are none. */
export function median(values: readonly number[]): number {
  return atShare(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** The value that so large a share of values in order lies below; 0 if there are none. */
export function atShare(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** All latencies of some rounds, in order. */
export function inOrder(rounds: readonly { readonly latencies: Float64Array }[]): Float64Array {
  return Float64Array.from(rounds.flatMap(({ latencies }) => [...latencies])).sort();
}

/** A value with one digit after the point. */
export function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A value with two digits after the point. */
export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
