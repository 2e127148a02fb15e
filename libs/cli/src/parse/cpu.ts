import { UsageError } from '../usage-error.js';

const CORES = /^(\d{1,6})(?:\.(\d{1,3}))?$/;
const MILLIS = /^(\d{1,9})m$/;
const PER_CORE = 1_000n;

/** Reads processor time, `1.5` cores or `1500m`, as thousandths of a core. */
export function parseCpu(text: string): bigint {
  const [, millis] = MILLIS.exec(text) ?? [];
  if (millis !== undefined) return BigInt(millis);
  const [, cores, part = ''] = CORES.exec(text) ?? [];
  if (cores === undefined) {
    throw new UsageError(`not processor time: '${text}' (write it like 2, 1.5 or 1500m)`);
  }
  return BigInt(cores) * PER_CORE + BigInt(part.padEnd(3, '0'));
}
