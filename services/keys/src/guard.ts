import { readFileSync, writeFileSync } from 'node:fs';
import { url as inspectorUrl } from 'node:inspector';
import { optionsIn, unsafeFlags } from './start-flags.js';

const CORE_FILTER = '/proc/self/coredump_filter';

/** A process, as far as it is guarded. */
type Guarded = Pick<NodeJS.Process, 'execArgv' | 'on'>;

/**
 * Keeps what this process holds inside of it: no inspector, no snapshots, nothing in a core dump.
 *
 * Throws if it was started so that others can look into it. Returns what could not be closed.
 */
export function guardProcess(process: Guarded, nodeOptions = ''): readonly string[] {
  const flags = unsafeFlags([...process.execArgv, ...optionsIn(nodeOptions)]);
  if (flags.length > 0 || inspectorUrl() !== undefined) {
    const told = flags.join(' ') || 'an inspector';
    throw new Error(`a service that holds secrets is not started with ${told}`);
  }
  // Node would open its inspector at this signal, for anybody who may send it.
  process.on('SIGUSR1', () => undefined);
  return emptyCoreDumps()
    ? []
    : ['core dumps may hold secrets: this system cannot leave memory out'];
}

/** Leaves all memory out of core dumps, wherever they are sent to. Tells whether that is so. */
function emptyCoreDumps(): boolean {
  try {
    writeFileSync(CORE_FILTER, '0');
    return Number.parseInt(readFileSync(CORE_FILTER, 'utf8'), 16) === 0;
  } catch {
    return false;
  }
}
