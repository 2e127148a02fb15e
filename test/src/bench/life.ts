import { setTimeout as sleep } from 'node:timers/promises';
import {
  ClonePhase,
  CreateCloneRequest,
  DeleteCloneRequest,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { round1 } from './figures.js';
import { type LifeMesh, startLifeMesh } from './life-mesh.js';
import { countStatements, less, type Statement, totalOf } from './statements.js';

interface Options {
  readonly json: boolean;
  /** How many clones live, at most 64 of them at once. */
  readonly clones: number;
}

/** The statements of one life, by service and text, most first; and beside how many other clones. */
interface Lives {
  readonly others: number;
  readonly perClone: readonly Statement[];
  readonly idlePerSecond: number;
  readonly seconds: number;
}

const IN_FLIGHT = 64;
/** How many clones are there already, each time in a mesh of its own. */
const OTHERS = [100, 100_000];
const WARM_UP = 8;
const IDLE_MS = 10_000;
/** What is still written after the last deletion was seen is written by then. */
const AFTER_MS = 3_000;
/** The budget of DESIGN.md, section 8. */
const BUDGET = 30;
/** The least that is shown of a statement. */
const SHOWN = 0.1;

/**
 * Counts the statements that all services send for a clone's whole life: created with a key, run by
 * a real runner, completed, deleted. Whoever creates them watches all of them on one stream.
 *
 * PostgreSQL counts. What is sent in the same time while nothing goes on is taken off.
 */
export async function benchLife(options: Options): Promise<void> {
  const all: Lives[] = [];
  for (const others of OTHERS) {
    await using mesh = await startLifeMesh();
    await mesh.fill(others);
    const lives = await measure(mesh, others, options);
    all.push(lives);
    if (!options.json) report(lives);
  }
  const totals = all.map(({ others, perClone }) => ({ others, total: round1(totalOf(perClone)) }));
  if (options.json) {
    const load = { inFlight: IN_FLIGHT, clones: options.clones };
    console.info(JSON.stringify({ bench: 'life', ...load, measured: all, totals, budget: BUDGET }));
    return;
  }
  for (const { others, total } of totals) {
    const verdict = total <= BUDGET ? 'met' : 'missed';
    console.info(`beside ${others} clones  ${total} a clone  (budget <= ${BUDGET}: ${verdict})`);
  }
}

async function measure(mesh: LifeMesh, others: number, { clones }: Options): Promise<Lives> {
  const keys = await mesh.createKeys(clones);
  await using phases = watchPhases(mesh);
  await live(mesh, phases, keys.slice(0, WARM_UP));
  await sleep(AFTER_MS);

  await using counter = await countStatements(mesh.adminUrl);
  await sleep(IDLE_MS);
  const idle = await counter.take();
  const start = performance.now();
  await live(mesh, phases, keys);
  await sleep(AFTER_MS);
  const ms = performance.now() - start;
  const sent = less(await counter.take(), idle, ms / IDLE_MS);
  return {
    others,
    perClone: sent.map((each) => ({ ...each, calls: each.calls / clones })),
    idlePerSecond: round1((totalOf(idle) / IDLE_MS) * 1_000),
    seconds: round1(ms / 1_000),
  };
}

/** Lets a clone live with each of the keys, as many at once as there may be. */
async function live(mesh: LifeMesh, phases: Phases, keys: readonly string[]): Promise<void> {
  const left = [...keys];
  const worker = async (): Promise<void> => {
    for (let key = left.pop(); key !== undefined; key = left.pop())
      await liveOne(mesh, phases, key);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

async function liveOne({ api, owner, botId }: LifeMesh, phases: Phases, keyId: string) {
  const requestId = `life-${keyId}-${performance.now()}`;
  const wish = CreateCloneRequest.fromPartial({ requestId, owner, botId, keyId });
  const { clone } = await api.clones.createClone(wish);
  const id = clone?.id ?? '';
  const rest = await phases.until(id, [ClonePhase.COMPLETED, ClonePhase.FAILED]);
  // What has a fault in it is no life without faults.
  if (rest === ClonePhase.FAILED) throw new Error(`the clone has failed: ${id}`);
  await api.clones.deleteClone(DeleteCloneRequest.fromPartial({ id }));
  await phases.until(id, [ClonePhase.DELETED]);
}

/** The phases of clones, as one watch tells them. */
interface Phases extends AsyncDisposable {
  until(id: string, wanted: readonly ClonePhase[]): Promise<ClonePhase>;
}

function watchPhases({ api }: LifeMesh): Phases {
  const over = new AbortController();
  const last = new Map<string, ClonePhase>();
  const waiting = new Map<string, () => void>();
  let failure: unknown;
  const follow = async (): Promise<void> => {
    const { signal } = over;
    const watch = api.clones.watchClones(WatchClonesRequest.fromPartial({}), { signal });
    for await (const { event } of watch) {
      const clone = event?.$case === 'change' ? event.value.clone : undefined;
      if (!clone) continue;
      last.set(clone.id, clone.phase);
      waiting.get(clone.id)?.();
    }
  };
  const following = follow().catch((thrown: unknown) => {
    failure = thrown;
    for (const tell of waiting.values()) tell();
  });
  return {
    async until(id, wanted) {
      for (;;) {
        const phase = last.get(id);
        if (phase !== undefined && wanted.includes(phase)) return phase;
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => waiting.set(id, resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await following;
    },
  };
}

function report({ others, perClone, idlePerSecond, seconds }: Lives): void {
  console.info(`beside ${others} clones: ${seconds} s, idle ${idlePerSecond} statements/s\n`);
  for (const service of new Set(perClone.map((each) => each.service))) {
    const own = perClone.filter((each) => each.service === service);
    console.info(`${service}  ${round1(totalOf(own))} a clone`);
    for (const { calls, text } of own.filter((each) => each.calls >= SHOWN)) {
      console.info(`  ${calls.toFixed(2).padStart(6)}  ${text.slice(0, 110)}`);
    }
  }
  console.info('');
}
