import type { Owner } from '@ramet/proto-gen/teams.v1';
import type { Clock } from '@ramet/service';
import type { Span } from '../parse/duration.js';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const STEP = 1_024;
const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

/** A moment, as RFC 3339. Empty where there is none. */
export function moment(time: Date | undefined): string {
  return time?.toISOString() ?? '';
}

/** How long ago a moment was, by the clock of this machine, in its largest unit. */
export function age(time: Date | undefined, clock: Clock): string {
  if (!time) return '';
  const ms = Math.max(0, clock.now().getTime() - time.getTime());
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? (['s', MS_PER_SECOND] as const);
  return `${Math.floor(ms / size)}${unit}`;
}

/** A length of time in milliseconds, such as `1h30m`. Rounded to seconds above one. */
export function milliseconds(ms: number): string {
  if (ms < MS_PER_SECOND) return `${Math.round(ms)}ms`;
  let left = Math.round(ms / MS_PER_SECOND) * MS_PER_SECOND;
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** A Duration of the contracts. Empty where there is none. */
export function span(value: Span | undefined): string {
  if (!value) return '';
  return milliseconds(Number(value.seconds) * MS_PER_SECOND + value.nanos / NANOS_PER_MS);
}

/** An amount of bytes, in the largest unit that keeps it whole or has one decimal. */
export function bytes(count: bigint): string {
  let value = Number(count);
  let unit = 0;
  while (value >= STEP && unit < SIZES.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${SIZES[unit]}`;
}

/** Labels, by name. */
export function labels(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

/** The id of an owner. */
export function ownerId(owner: Owner | undefined): string {
  return owner?.owner?.value ?? '';
}

/** A share, as a percentage. */
export function percent(fraction: number | undefined): string {
  return fraction === undefined ? '' : `${Math.floor(fraction * 100)}%`;
}
