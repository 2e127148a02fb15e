import { crc32 } from 'node:zlib';
import { type Ids, systemIds } from '@ramet/service';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_DIGITS = 30;
const CHECK_DIGITS = 6;
/** The largest multiple of 62 in a byte: bytes from there on would favour the first digits. */
const FAIR_BYTES = 248;

/**
 * Makes the API key that a service shows to teams, in the form that all API keys have:
 * `ramet_service_`, 30 random base62 digits, and 6 that are the CRC-32 of what is before them.
 */
export function makeServiceKey(ids: Ids = systemIds): string {
  let key = 'ramet_service_';
  const length = key.length + RANDOM_DIGITS;
  while (key.length < length) {
    const fair = ids.bytes(length - key.length).filter((byte) => byte < FAIR_BYTES);
    for (const byte of fair) key += DIGITS.charAt(byte % DIGITS.length);
  }
  return key + inDigits(crc32(key));
}

function inDigits(number: number): string {
  let rest = number;
  let digits = '';
  for (let place = 0; place < CHECK_DIGITS; place += 1) {
    digits = DIGITS.charAt(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}
