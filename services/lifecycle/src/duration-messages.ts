import type { Limits } from '@ramet/proto-gen/lifecycle.v1';

type Duration = NonNullable<Limits['grace']>;

/** Milliseconds of a duration, rounded up; undefined for none. */
export function fromDuration(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * 1_000 + Math.ceil(duration.nanos / 1_000_000);
}

/** A duration of some milliseconds; undefined for none. */
export function toDuration(ms: number | undefined): Duration | undefined {
  if (ms === undefined) return undefined;
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}

/** Durations in milliseconds, rounded up. Those that are absent stay absent. */
export function durations<Key extends string>(
  all: Readonly<Record<Key, Duration | undefined>>,
): { readonly [Name in Key]?: number } {
  const given: { [Name in Key]?: number } = {};
  for (const name in all) {
    const ms = fromDuration(all[name]);
    if (ms !== undefined) given[name] = ms;
  }
  return given;
}
