import { UsageError } from '../usage-error.js';

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  B: 1n,
  kB: 1_000n,
  MB: 1_000_000n,
  GB: 1_000_000_000n,
  TB: 1_000_000_000_000n,
  KiB: 1_024n,
  MiB: 1_048_576n,
  GiB: 1_073_741_824n,
  TiB: 1_099_511_627_776n,
};
const MAX_DIGITS = 19;

/** Reads `64MiB`, `1GB` or plain bytes. Throws UsageError for anything else. */
export function parseSize(text: string): bigint {
  const [, digits = '', unit = ''] = /^(\d+)\s?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (digits === '' || digits.length > MAX_DIGITS || factor === undefined) {
    throw new UsageError(`not a size: '${text}' (write it like 64MiB, 1GB or 1048576)`);
  }
  return BigInt(digits) * factor;
}
