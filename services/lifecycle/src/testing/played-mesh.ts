import assert from 'node:assert/strict';
import type { Clone } from '../domain/clone.js';
import { NOON } from '../domain/examples.js';
import type { Effect, Facts } from '../domain/facts.js';
import type { Exit, Workload } from '../domain/outcome.js';
import { running } from '../domain/run.js';

/** The same numbers for the same seed, each below the number of sides. */
export type Dice = (sides: number) => number;

/** A linear congruential generator. */
export function dice(seed: number): Dice {
  let state = seed * 7_919;
  return (sides) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * sides);
  };
}

const ENDS: readonly Partial<Exit>[] = [
  { kind: 'EXITED', exitCode: 0 },
  { kind: 'EXITED', exitCode: 3 },
  { kind: 'OUT_OF_MEMORY' },
  { kind: 'TIMED_OUT' },
  { kind: 'LOST' },
];

/** The peers of a clone, as far as it uses them: they hold what it was given, and complain. */
export class PlayedMesh {
  readonly workloads = new Map<string, Workload>();
  now = NOON;
  hasStorage = false;
  /** The execution that may sign. */
  grant: string | undefined;
  holdsKey = false;
  readonly #roll: Dice;
  /** Whether workloads end badly and peers refuse, now and then. */
  isCalm = false;

  constructor(roll: Dice) {
    this.#roll = roll;
  }

  pass(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }

  /** What a reconciler reads of a clone when its pass begins. */
  facts(clone: Clone, nextExecutionId: string): Facts {
    const workload = this.workloads.get(clone.execution?.id ?? '');
    const claimedAt = workload?.state === 'RUNNING' ? workload.startedAt : undefined;
    return {
      now: this.now,
      nextExecutionId,
      problem: '',
      ...(claimedAt && { claimedAt }),
      ...(claimedAt &&
        (this.isCalm || this.#roll(3) > 0) && { health: { ready: true, message: '' } }),
    };
  }

  /** Workloads go on: what was made runs, and what runs may end. */
  live({ endsWell }: { readonly endsWell: boolean }): void {
    for (const [id, workload] of this.workloads) {
      if (workload.state === 'PENDING' && this.#roll(2) === 0) {
        this.workloads.set(id, { state: 'RUNNING', startedAt: this.now });
      } else if (workload.state === 'RUNNING' && this.#roll(4) === 0) {
        this.#end(id, endsWell ? { kind: 'EXITED', exitCode: 0 } : ENDS[this.#roll(ENDS.length)]);
      }
    }
  }

  /** Does what a clone wants of its peers, or refuses it. */
  perform(effect: Effect, clone: Clone): Partial<Facts> {
    const id = clone.execution?.id ?? assert.fail(`${effect} without an execution`);
    switch (effect) {
      case 'list_key':
        return { keyIsListed: true };
      case 'authorize_key':
        if (this.#refuses()) return { refusal: { reason: 'KEY_IN_USE', message: 'taken' } };
        this.holdsKey = true;
        this.grant = id;
        return { keyIsGranted: true };
      case 'find_execution': {
        const workload = this.workloads.get(id);
        return workload ? { workload } : { isUnmade: true };
      }
      case 'create_execution':
        return this.#create(id, clone);
      case 'read_execution':
        return { workload: this.workloads.get(id) ?? 'none' };
      case 'revoke_grant':
        this.grant = undefined;
        return { signingIsStopped: true };
      case 'stop_execution':
        this.#end(id, { kind: 'STOPPED' });
        return { workload: this.workloads.get(id) ?? 'none', asked: effect };
      case 'delete_executions':
        for (const name of new Set([...this.workloads.keys(), id])) this.#remove(name);
        return { workload: this.workloads.get(id) ?? 'none', asked: effect };
      case 'delete_storage':
        assert.deepEqual(this.alive(), [], 'the storage of what runs goes');
        this.hasStorage = false;
        return { storageIsGone: true };
      case 'release_key':
        assert.deepEqual(this.alive(), [], 'the key of what runs is released');
        assert.equal(this.grant, undefined, 'the key of what signs is released');
        this.holdsKey = false;
        return { keyIsReleased: true };
    }
  }

  /** The executions that are not over. */
  alive(): readonly string[] {
    const over = ['EXITED', 'REMOVED'];
    return [...this.workloads].flatMap(([id, { state }]) => (over.includes(state) ? [] : [id]));
  }

  #create(id: string, clone: Clone): Partial<Facts> {
    const known = this.workloads.get(id);
    if (known) return { workload: known };
    const { number, stages } = running(clone);
    assert.equal(clone.execution?.release, number, 'it runs another release');
    assert.ok(
      stages.some(({ name }) => name === clone.execution?.stage),
      'it runs no stage',
    );
    assert.deepEqual(this.alive(), [], 'two workloads of a clone run at once');
    if (clone.keyId) assert.equal(this.grant, id, 'what needs a key runs without a grant');
    if (this.#refuses()) return { refusal: { reason: 'SOURCE_UNKNOWN', message: 'no' } };
    this.workloads.set(id, { state: 'PENDING' });
    this.hasStorage = true;
    return { workload: { state: 'PENDING' } };
  }

  #end(id: string, exit: Partial<Exit> = {}): void {
    const workload = this.workloads.get(id);
    if (!workload || !['PENDING', 'RUNNING'].includes(workload.state)) return;
    const all: Exit = { kind: 'EXITED', signal: '', message: '', ...exit };
    this.workloads.set(id, { ...workload, state: 'EXITED', exit: all, endedAt: this.now });
  }

  #remove(id: string): void {
    this.#end(id, { kind: 'STOPPED' });
    this.workloads.set(id, { ...this.workloads.get(id), state: 'REMOVED' });
  }

  #refuses(): boolean {
    return !this.isCalm && this.#roll(25) === 0;
  }
}
