import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from './clock.js';

/** Ids and randomness, as a port: a simulation brings its own. */
export interface Ids {
  /** Makes an id: the prefix, `_`, and 26 lower-case base32 digits that rise with time. */
  make(prefix: string): string;
  /** Unpredictable bytes, fit for secrets. */
  bytes(count: number): Buffer;
}

/** Crockford's base32: no i, l, o, u. https://www.crockford.com/base32.html */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/** Ids from a clock and the operating system's randomness, in the shape of a ULID. */
export function createIds(clock: Clock, bytes: (count: number) => Buffer = randomBytes): Ids {
  return {
    bytes,
    make(prefix) {
      let time = clock.now().getTime();
      let head = '';
      for (let i = 0; i < TIME_DIGITS; i += 1) {
        head = DIGITS.charAt(time % 32) + head;
        time = Math.floor(time / 32);
      }
      let tail = '';
      for (const byte of bytes(RANDOM_DIGITS)) tail += DIGITS.charAt(byte % 32);
      return `${prefix}_${head}${tail}`;
    },
  };
}

/** Ids of this machine's clock and randomness. */
export const systemIds: Ids = createIds(systemClock);
