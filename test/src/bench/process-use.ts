import { readFileSync } from 'node:fs';

/** What a process has used. */
export interface ProcessUse {
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

/** The kernel counts in hundredths of a second. */
const MICROS_PER_TICK = 10_000;
const PAGE_BYTES = 4_096;

/** Reads what another process has used so far. */
export function useOf(pid: number | undefined): ProcessUse {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may have spaces in it.
  const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return {
    cpuMicros: (Number(user) + Number(system)) * MICROS_PER_TICK,
    residentBytes: Number(pages) * PAGE_BYTES,
  };
}
