// Goal: the keys that sign are changed while everybody goes on, and nobody is refused.
// Method: the signer over keys and a clock of the test; real verifiers that read what it publishes.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { Secret } from '@ramet/config';
import { createVerifier } from '@ramet/rpc';
import { type Clock, systemClock, systemIds } from '@ramet/service';
import { RotatingSigner } from './rotating-signer.js';
import { type PublicKey, TOKEN_NAMES } from './token-signer.js';

const KEYS = { kind: 'service', name: 'keys' } as const;
const STEP_MS = 10_000;
const LEAD_MS = 90_000;
const SILENT = { debug: none, info: none, warn: none, error: none };

describe('a signer whose keys rotate', () => {
  it('has nobody refused, while each key comes, signs and goes', async () => {
    const world = new World(pem());
    await using signer = await world.open();
    const verifiers = [world.verifier(signer), world.verifier(signer)];
    const used = new Set<string>();
    let old: readonly string[] = [];

    for (const pems of threeRotations(world.pems)) {
      world.pems = pems;
      await signer.look();
      for (let step = 0; step < 12; step += 1) {
        world.now += STEP_MS;
        const made = await Promise.all([1, 2, 3].map(() => sign(signer)));
        const shown = [...made, ...old];
        const calls = verifiers.flatMap((verify) => shown.map((token) => verify(token)));
        for (const { id } of await Promise.all(calls)) assert.equal(id, 'keys');
        for (const token of made) used.add(kidOf(token));
        old = made;
      }
    }
    assert.equal(used.size, 4);
  });

  it('publishes a key before it signs, though it was put first', async () => {
    const [one, two] = [pem(), pem()];
    const world = new World(one);
    await using signer = await world.open();
    const before = kidOf(await sign(signer));

    world.now += LEAD_MS;
    world.pems = [two, one];
    await signer.look();
    assert.equal(signer.publicKeys.length, 2);
    world.now += LEAD_MS - 1;
    assert.equal(kidOf(await sign(signer)), before);
    world.now += 1;
    assert.notEqual(kidOf(await sign(signer)), before);
  });

  it('neither signs with a key that was taken out, nor publishes it, from then on', async () => {
    const [stolen, next] = [pem(), pem()];
    const world = new World(stolen);
    await using signer = await world.open();
    const before = kidOf(await sign(signer));
    world.now += LEAD_MS;

    world.pems = [next];
    // Not even while the others cannot be told.
    for (const isAway of [true, false]) {
      world.table.isAway = isAway;
      await signer.look();
      const after = kidOf(await sign(signer));
      assert.notEqual(after, before);
      const ids = (await signer.currentKeys()).map(({ id }) => id);
      assert.deepEqual(ids, [after]);
    }
  });

  it('signs at once with a key that was published before', async () => {
    const [one, two] = [pem(), pem()];
    const world = new World(one, two);
    await using signer = await world.open();
    const before = kidOf(await sign(signer));
    world.pems = [two, one];
    await signer.look();
    assert.notEqual(kidOf(await sign(signer)), before);
  });

  it('signs with a new key from the same moment on at all replicas', async () => {
    const [one, two] = [pem(), pem()];
    const world = new World(one);
    await using first = await world.open();
    await using second = await world.open();
    const before = kidOf(await sign(first));
    const both = async (): Promise<readonly boolean[]> => {
      const made = await Promise.all([sign(first), sign(second)]);
      return made.map((token) => kidOf(token) === before);
    };

    world.now += 1_000_000;
    world.pems = [two, one];
    await first.look();
    world.now += 60_000;
    await second.look();
    // One that starts meanwhile knows no more than they.
    await using third = await world.open();
    world.now += 29_999;
    assert.deepEqual([...(await both()), kidOf(await sign(third)) === before], [true, true, true]);
    world.now += 1;
    assert.deepEqual(
      [...(await both()), kidOf(await sign(third)) === before],
      [false, false, false],
    );
  });

  it('publishes what another replica has in its file, until that takes it out', async () => {
    const [one, two] = [pem(), pem()];
    const world = new World(one);
    await using first = await world.open();
    await using second = await world.open();
    const count = async (): Promise<number> => {
      world.now += 1_001;
      return (await second.currentKeys()).length;
    };
    assert.equal(await count(), 1);
    world.pems = [one, two];
    await first.look();
    assert.equal(await count(), 2);
    world.pems = [one];
    await first.look();
    assert.equal(await count(), 1);
  });

  it('goes on when the table is away', async () => {
    const world = new World(pem());
    await using signer = await world.open();
    const before = kidOf(await sign(signer));
    world.table.isAway = true;
    world.now += 90_000;
    await signer.look();
    assert.equal((await signer.currentKeys()).length, 1);
    assert.equal(kidOf(await sign(signer)), before);
  });

  it('keeps nobody waiting for a table that does not answer', async () => {
    const world = new World(pem());
    world.wakes = true;
    await using signer = await world.open();
    world.table.isStuck = true;
    world.now += 1_001;
    assert.equal((await signer.currentKeys()).length, 1);
    world.table.isStuck = false;
  });

  for (const [what, broken] of [
    ['is empty', ' '],
    ['is half written', pem().slice(0, 70)],
    ['has another kind of key', otherPem()],
  ] as const) {
    it(`goes on as before when the file ${what}`, async () => {
      const world = new World(pem());
      await using signer = await world.open();
      const before = kidOf(await sign(signer));
      world.pems = [broken];
      await signer.look();
      world.now += 90_000;
      assert.equal(kidOf(await sign(signer)), before);
    });
  }
});

/** The files of three rotations: each key is added, then put first, and gone with the next. */
function threeRotations([first = '']: readonly string[]): readonly (readonly string[])[] {
  const keys = [first, pem(), pem(), pem()];
  return keys.slice(1).flatMap((next, place) => {
    const before = keys[place] ?? '';
    return [
      [before, next],
      [next, before],
    ];
  });
}

/** The file, and the clock of all who take part. */
class World {
  pems: readonly string[];
  now = 0;
  /** Whether short waits end. The long ones are until the signer ends. */
  wakes = false;
  readonly table = new Table(() => this.now);

  constructor(...pems: readonly string[]) {
    this.pems = pems;
  }

  get #clock(): Clock {
    const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
      if (!this.wakes || signal) await untilAborted(ms, signal);
    };
    return { ...systemClock, elapsed: () => this.now, sleep };
  }

  open(): Promise<RotatingSigner> {
    return RotatingSigner.open({
      read: () => new Secret(Buffer.from(this.pems.join(''))),
      table: this.table,
      clock: this.#clock,
      ids: systemIds,
      logger: SILENT,
      lifeSeconds: 3_600,
    });
  }

  verifier(signer: RotatingSigner) {
    const keys = async () => signer.publicKeys.map(({ jwk }) => jwk);
    const authenticate = createVerifier({ ...TOKEN_NAMES, keys, clock: this.#clock });
    return async (token: string) =>
      authenticate({
        get: (name) => (name === 'authorization' ? `Bearer ${token}` : undefined),
      });
  }
}

/** The keys that are published, as a test plays it. */
class Table {
  isAway = false;
  isStuck = false;
  readonly #now: () => number;
  readonly #keys = new Map<string, { key: PublicKey; publishedAt: number; seenAt: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async publish(own: readonly PublicKey[], gone: readonly string[]) {
    while (this.isStuck) await new Promise((resolve) => setImmediate(resolve));
    if (this.isAway) throw new Error('the table is away');
    const now = this.#now();
    for (const id of gone) this.#keys.delete(id);
    for (const key of own) {
      const publishedAt = this.#keys.get(key.id)?.publishedAt ?? now;
      this.#keys.set(key.id, { key, publishedAt, seenAt: now });
    }
    const live = [...this.#keys.values()].filter(({ seenAt }) => now - seenAt < 60_000);
    return live.map(({ key, publishedAt }) => ({ ...key, ageMs: now - publishedAt }));
  }
}

async function sign(signer: RotatingSigner): Promise<string> {
  return (await signer.sign(KEYS)).text;
}

function kidOf(token: string): string {
  const [header = ''] = token.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
}

function pem(): string {
  return generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function otherPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function untilAborted(_: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

function none(): void {}
