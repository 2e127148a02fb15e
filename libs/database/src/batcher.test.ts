import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { PublicError } from '@ramet/errors';
import { createBatcher } from './batcher.js';

describe('createBatcher', () => {
  it('gives each caller the result of its own item', async () => {
    const double = createBatcher({
      run: async (items: readonly number[]) => items.map((n) => n * 2),
    });
    assert.deepEqual(await Promise.all([1, 2, 3].map(double)), [2, 4, 6]);
  });

  it('gathers while a batch is in flight, up to its limit', async () => {
    const gate = createGate();
    const batches: number[] = [];
    const submit = createBatcher({
      max: 4,
      run: async (items: readonly number[]) => {
        batches.push(items.length);
        await gate.pass();
        return items;
      },
    });

    const all = [submit(0)];
    await turn();
    for (let i = 1; i <= 6; i += 1) all.push(submit(i));
    gate.open();

    assert.deepEqual(await Promise.all(all), [0, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual(batches, [1, 4, 2]);
  });

  it('runs as many batches at once as it may', async () => {
    const gate = createGate();
    let running = 0;
    let most = 0;
    const submit = createBatcher({
      max: 1,
      inFlight: 2,
      run: async (items: readonly number[]) => {
        running += 1;
        most = Math.max(most, running);
        await gate.pass();
        running -= 1;
        return items;
      },
    });
    const all = [1, 2, 3, 4, 5].map(submit);
    await turn();
    gate.open();
    await Promise.all(all);
    assert.equal(most, 2);
  });

  it('leaves a share of what waits to the other batch', async () => {
    const batches: number[] = [];
    const submit = createBatcher({
      inFlight: 2,
      run: async (items: readonly number[]) => {
        batches.push(items.length);
        return items;
      },
    });
    await Promise.all(Array.from({ length: 60 }, (_, n) => submit(n)));
    assert.deepEqual(batches, [30, 16, 14]);
  });

  it('throws a result that is an error to its own caller', async () => {
    const submit = createBatcher({
      run: async (items: readonly number[]) => items.map((n) => (n === 2 ? new Error('two') : n)),
    });
    const [first, second] = await Promise.allSettled([submit(1), submit(2)]);
    assert.equal(first?.status, 'fulfilled');
    assert.equal(second?.status, 'rejected');
  });

  it('runs the items of a failed batch one by one, so that a bad one fails alone', async () => {
    const batches: number[][] = [];
    const submit = createBatcher({
      run: async (items: readonly number[]) => {
        batches.push([...items]);
        if (items.includes(2)) throw new Error('bad');
        return items;
      },
    });
    const settled = await Promise.allSettled([1, 2, 3].map(submit));
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(batches, [[1, 2, 3], [1], [2], [3]]);
  });

  it('fails all items at once when the database is away', async () => {
    let runs = 0;
    const away = new PublicError('unavailable', 'DATABASE_UNAVAILABLE', 'away');
    const submit = createBatcher({
      run: async () => {
        runs += 1;
        throw away;
      },
    });
    const settled = await Promise.allSettled([1, 2, 3].map((n) => submit(n)));
    assert.ok(settled.every((one) => one.status === 'rejected' && one.reason === away));
    assert.equal(runs, 1);
  });

  it('refuses more than may wait', async () => {
    const submit = createBatcher({ maxWaiting: 2, run: async (items: readonly number[]) => items });
    const settled = await Promise.allSettled([1, 2, 3].map(submit));
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
  });

  it('does not run in the context of any caller', async () => {
    const caller = new AsyncLocalStorage<string>();
    const submit = createBatcher({ run: async () => [caller.getStore()] });
    assert.equal(await caller.run('somebody', () => submit(1)), undefined);
  });
});

interface Gate {
  pass(): Promise<void>;
  open(): void;
}

function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { pass: () => opened, open: () => open() };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
