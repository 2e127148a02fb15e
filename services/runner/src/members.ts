import { readFileSync } from 'node:fs';
import { listProcesses, processesOfUser, residentBytes } from '@ramet/service';
import type { Isolation } from './isolation.js';

/** How many quick looks at the known processes go by between searches for hidden ones. */
const QUICK_LOOKS = 20;

/**
 * The processes of a workload, as seen from its runner.
 *
 * The tree below the main process is followed at each look. A search through all processes,
 * which finds those that left the tree, is dear with many runners and made now and then.
 */
export class Members {
  readonly #root: number;
  readonly #isolation: Isolation;
  #strays: readonly number[] = [];
  #looks = 0;

  constructor(root: number, isolation: Isolation) {
    this.#root = root;
    this.#isolation = isolation;
  }

  /** The memory they hold together, as far as it is in RAM. */
  residentBytes(): number {
    const pids = new Set([...this.#tree(), ...this.#knownStrays()]);
    return [...pids].reduce((sum, pid) => sum + residentBytes(pid), 0);
  }

  #tree(): readonly number[] {
    const tree = [this.#root];
    for (const pid of tree) tree.push(...childrenOf(pid));
    // In a namespace the first two are the door and process 1, not the workload.
    return this.#isolation.mode === 'namespace' ? tree.slice(2) : tree;
  }

  #knownStrays(): readonly number[] {
    if (this.#looks % QUICK_LOOKS === 0) this.#strays = this.#findStrays();
    this.#looks += 1;
    return this.#strays;
  }

  #findStrays(): readonly number[] {
    switch (this.#isolation.mode) {
      case 'user':
        return processesOfUser(this.#isolation.uid);
      case 'namespace':
        return [];
      case 'shared':
        return listProcesses()
          .filter(({ session }) => session === this.#root)
          .map(({ pid }) => pid);
    }
  }
}

/** The direct children of a process, over all its threads' calls to fork by the main one. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
