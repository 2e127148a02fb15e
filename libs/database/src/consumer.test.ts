import assert from 'node:assert/strict';
import { type ConsumerOptions, startConsumer } from './consumer.js';
import { type Colony, clock, logger, openColony, until } from './support/fixture.js';

interface Entry {
  readonly position: bigint;
}

describe('startConsumer', () => {
  it('takes in what there is, and what comes when it is woken', async () => {
    await using colony = await openColony();
    const producer = createProducer(5);
    const seen: bigint[] = [];
    await using consumer = startConsumer({ ...colony, ...producer, ...base, handle: note(seen) });
    await until(() => seen.length === 5);
    producer.produce(3);
    consumer.wake();
    await until(() => seen.length === 8);
    assert.deepEqual(seen, [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
  });

  for (const noteMs of [0, 60_000]) {
    it(`resumes where the one before it stopped, noting within ${noteMs} ms`, async () => {
      await using colony = await openColony();
      const producer = createProducer(5);
      const seen: bigint[] = [];
      const options = { ...colony, ...producer, ...base, noteMs, handle: note(seen) };
      for (const count of [5, 7]) {
        await using _ = startConsumer(options);
        await until(() => seen.length === count);
        producer.produce(2);
      }
      assert.deepEqual(seen, [1n, 2n, 3n, 4n, 5n, 6n, 7n]);
    });
  }

  it('goes to another replica once it has been quiet', async () => {
    await using colony = await openColony();
    const producer = createProducer(1);
    const [first, second]: [bigint[], bigint[]] = [[], []];
    const options = { ...colony, ...producer, ...base };
    await using one = startConsumer({ ...options, handle: note(first) });
    await until(() => first.length === 1);
    await using other = startConsumer({ ...options, pollMs: 20, handle: note(second) });
    await until(async () => (await free(colony)) === 1);
    producer.produce(1);
    other.wake();
    await until(() => second.length === 1);
    assert.deepEqual([first, second], [[1n], [2n]]);
    assert.ok(one);
  });

  it('brings a page again that was not handled, or when the producer is away', async () => {
    await using colony = await openColony();
    const producer = createProducer(2);
    const seen: bigint[] = [];
    let failures = 0;
    const fail = (): void => {
      failures += 1;
      if (failures < 3) throw new Error('away');
    };
    await using _ = startConsumer<Entry>({
      ...colony,
      ...base,
      read: async (after) => {
        fail();
        return producer.read(after);
      },
      handle: async (entries, signal) => {
        if (seen.length === 0) seen.push(0n);
        else await note(seen)(entries, signal);
        if (seen.length === 1) throw new Error('no');
      },
    });
    await until(() => seen.length === 3);
    assert.deepEqual(seen, [0n, 1n, 2n]);
  });

  it('shares the work between replicas: each entry is handled once', async () => {
    await using colony = await openColony();
    const producer = createProducer(0);
    const seen: bigint[] = [];
    const replicas = await Promise.all([1, 2, 3].map(() => colony.another()));
    const consumers = replicas.map((db) =>
      startConsumer({ db, ...producer, ...base, pollMs: 20, handle: note(seen) }),
    );
    for (let i = 0; i < 20; i += 1) {
      producer.produce(3);
      for (const consumer of consumers) consumer.wake();
      await clock.sleep(5);
    }
    await until(() => seen.length >= 60);
    for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
    assert.deepEqual(
      seen,
      Array.from({ length: 60 }, (_, index) => BigInt(index + 1)),
    );
  });
});

const base = { producer: 'teams', clock, logger, pollMs: 60_000 };

interface Producer {
  read(after: bigint): Promise<readonly Entry[]>;
  produce(count: number): void;
}

/** A history in memory, in pages of two. */
function createProducer(count: number): Producer {
  let last = count;
  return {
    produce(more) {
      last += more;
    },
    read: async (after) => {
      const left = Math.min(last - Number(after), 2);
      return Array.from({ length: left }, (_, index) => ({ position: after + BigInt(index + 1) }));
    },
  };
}

/** How many leases nobody has. */
async function free({ db }: Colony): Promise<number> {
  return (await db.query('select from consumer where leased_until <= ramet_now()')).length;
}

function note(seen: bigint[]): ConsumerOptions<Entry>['handle'] {
  return async (entries) => {
    seen.push(...entries.map(({ position }) => position));
  };
}
