import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Pass, type ReconcilerOptions, startReconciler } from './reconciler.js';

describe('startReconciler', () => {
  it('makes one step for each thing that is due', async () => {
    const due = createDue(['a', 'b', 'c']);
    const seen: string[] = [];
    await using _ = startReconciler(options({ ...due, step: note(seen) }));
    await until(() => seen.length === 3);
    assert.deepEqual(seen, ['a', 'b', 'c']);
  });

  it('claims again at once after a full claim, and else waits to be woken', async () => {
    const due = createDue(['a', 'b', 'c', 'd', 'e']);
    const seen: string[] = [];
    await using reconciler = startReconciler(options({ ...due, batch: 2, step: note(seen) }));
    await until(() => seen.length === 5);
    assert.deepEqual(due.claims, [2, 2, 2]);

    due.add('f');
    reconciler.wake();
    await until(() => seen.length === 6);
    assert.equal(due.claims.length, 4);
  });

  it('looks by its own clock, when nobody wakes it', async () => {
    const due = createDue([]);
    const seen: string[] = [];
    await using _ = startReconciler(options({ ...due, idleMs: 5, step: note(seen) }));
    await until(() => due.claims.length > 1);
    due.add('a');
    await until(() => seen.length === 1);
  });

  it('does not lose a wake-up that comes while it claims', async () => {
    const due = createDue([]);
    const seen: string[] = [];
    let reconciler: { wake(): void } | undefined;
    const claim = async (limit: number) => {
      const claimed = await due.claim(limit);
      if (due.claims.length === 2) {
        due.add('late');
        reconciler?.wake();
      }
      return claimed;
    };
    await using started = startReconciler(options({ claim, step: note(seen) }));
    reconciler = started;
    started.wake();
    await until(() => seen.length === 1);
  });

  it('makes as many steps at once as it may, and claims more when one of many is slow', async () => {
    const slow = createGate();
    const due = createDue(['slow', ...Array.from({ length: 9 }, (_, index) => `quick ${index}`)]);
    const seen: string[] = [];
    let running = 0;
    let most = 0;
    const step = async (item: string): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await (item === 'slow' ? slow.opened : delay(1));
      running -= 1;
      seen.push(item);
    };
    await using _ = startReconciler(options({ ...due, batch: 5, concurrency: 3, step }));
    await until(() => seen.length === 9);
    assert.equal(most, 3);
    slow.open();
    await until(() => seen.length === 10);
  });

  it('goes on after what a step throws, and tells of it with its item', async () => {
    const due = createDue(['bad', 'good']);
    const seen: string[] = [];
    const errors: unknown[] = [];
    const passes: Pass<string>[] = [];
    const failure = new Error('no');
    await using _ = startReconciler(
      options({
        ...due,
        step: async (item) => {
          if (item === 'bad') throw failure;
          seen.push(item);
        },
        onError: (thrown, item) => errors.push([thrown, item]),
        observe: (pass) => passes.push(pass),
      }),
    );
    await until(() => passes.length === 2);
    assert.deepEqual(seen, ['good']);
    assert.deepEqual(errors, [[failure, 'bad']]);
    assert.deepEqual(
      passes.map(({ name, item, error }) => ({ name, item, error })),
      [
        { name: 'ramets', item: 'bad', error: failure },
        { name: 'ramets', item: 'good', error: undefined },
      ],
    );
  });

  it('leaves a claim that fails alone for a while, then tries again', async () => {
    const due = createDue(['a']);
    const seen: string[] = [];
    const errors: unknown[] = [];
    const waits: number[] = [];
    await using _ = startReconciler(
      options({
        claim: (limit) => {
          if (errors.length < 3) throw new Error('database is away');
          return due.claim(limit);
        },
        step: note(seen),
        onError: (thrown) => errors.push(thrown),
        clock: {
          elapsed: () => 0,
          sleep: (ms, signal) => {
            waits.push(ms);
            return sleep(Math.min(ms, ms === 60_000 ? ms : 1), signal);
          },
        },
      }),
    );
    await until(() => seen.length === 1);
    assert.deepEqual(waits.slice(0, 3), [500, 1_000, 2_000]);
  });

  it('waits for the steps it began and gives back the rest when it stops', async () => {
    const gate = createGate();
    const due = createDue(['a', 'b', 'c', 'd']);
    const begun: string[] = [];
    const ended: string[] = [];
    const released: string[] = [];
    const reconciler = startReconciler(
      options({
        ...due,
        concurrency: 2,
        step: async (item, signal) => {
          begun.push(item);
          signal.addEventListener('abort', gate.open);
          await gate.opened;
          ended.push(item);
        },
        release: async (items) => void released.push(...items),
      }),
    );
    await until(() => begun.length === 2);
    await reconciler[Symbol.asyncDispose]();
    assert.deepEqual(
      [begun, ended, released],
      [
        ['a', 'b'],
        ['a', 'b'],
        ['c', 'd'],
      ],
    );
  });
});

function options(changes: Partial<ReconcilerOptions<string>>): ReconcilerOptions<string> {
  return {
    name: 'ramets',
    claim: async () => [],
    step: async () => undefined,
    idleMs: 60_000,
    clock: { elapsed: () => performance.now(), sleep },
    onError: (thrown) => assert.fail(String(thrown)),
    ...changes,
  };
}

interface Due {
  readonly claims: number[];
  add(item: string): void;
  claim(limit: number): Promise<readonly string[]>;
}

/** Things that are due, in memory. Notes the limit of each claim. */
function createDue(items: readonly string[]): Due {
  const left = [...items];
  const claims: number[] = [];
  return {
    claims,
    add: (item) => void left.push(item),
    claim: async (limit) => {
      claims.push(limit);
      return left.splice(0, limit);
    },
  };
}

function note(seen: string[]): ReconcilerOptions<string>['step'] {
  return async (item) => {
    seen.push(item);
  };
}

interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal && { signal }).catch(() => undefined);
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    assert.ok(performance.now() < end, 'waited too long');
    await delay(1);
  }
}
