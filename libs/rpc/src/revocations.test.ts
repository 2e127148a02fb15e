// Goal: what was revoked is refused within a second, wherever one stands and whatever is away.
// Method: the feed against a source and a clock that the test plays; the cutter on a real server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type PublicError, unavailable } from '@ramet/errors';
import type { Call, Caller, CallMetadata } from './call.js';
import { connect, type Remote } from './connect.js';
import { type Clock, machineClock } from './ports.js';
import { RevocationFeed, type RevocationNews, type RevocationSource } from './revocation-feed.js';
import { REVOKED_MS, type Revocations, type Revoked, RevokedSubjects } from './revocations.js';
import { RevokedCutter } from './revoked-cutter.js';
import { echoService } from './test-contract.js';
import { Known } from './test-revocations.js';
import { callerNamed, rejection, startTestServer } from './test-server.js';

const ADA: Caller = {
  ...callerNamed('user', 'usr_1'),
  tokenId: 'tok_1',
  credentialIds: ['apk_1', 'lgn_1'],
  version: 5,
};
const NEVER = 0;
const NOTHING = (): void => undefined;

const CASES: readonly (readonly [string, Revoked, boolean])[] = [
  ['its id', { subject: 'tok_1', minVersion: NEVER }, true],
  ['what it was made of', { subject: 'lgn_1', minVersion: NEVER }, true],
  ['its user, for ever', { subject: 'usr_1', minVersion: NEVER }, true],
  ['its user, up to a later version', { subject: 'usr_1', minVersion: 6 }, true],
  ['its user, up to its version', { subject: 'usr_1', minVersion: 5 }, false],
  ['another one', { subject: 'tok_2', minVersion: NEVER }, false],
];

describe('the revocations that are known', () => {
  for (const [what, revoked, expected] of CASES) {
    it(`${expected ? 'refuse' : 'let'} a token by ${what}`, () => {
      const subjects = new RevokedSubjects();
      subjects.add(revoked, 0);
      assert.equal(subjects.has(ADA), expected);
    });
  }

  it('are not taken back by an older one', () => {
    const subjects = new RevokedSubjects();
    subjects.add({ subject: 'usr_1', minVersion: 6 }, 0);
    subjects.add({ subject: 'usr_1', minVersion: 3 }, 0);
    assert.ok(subjects.has(ADA));
  });

  it('are forgotten once no token can be of before', () => {
    const subjects = new RevokedSubjects();
    for (const [subject, atMs] of [
      ['old', 0],
      ['again', 0],
      ['new', 1],
      ['again', 2],
    ] as const) {
      subjects.add({ subject, minVersion: NEVER }, atMs);
    }
    subjects.forget(REVOKED_MS);
    assert.equal(subjects.size, 3);
    subjects.forget(REVOKED_MS + 1);
    assert.equal(subjects.size, 2);
    subjects.forget(REVOKED_MS + 2);
    assert.ok(subjects.has({ ...ADA, tokenId: 'again' }));
  });
});

describe('a feed of revocations', () => {
  it('knows what it is told, and for how long that is fresh', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    assert.ok(!feed.isFresh(), 'before it was told anything');

    await world.tell({ after: 0 });
    assert.ok(feed.isFresh());
    await world.tell({ after: 300, revoked: ['tok_1'] });
    assert.ok(feed.isRevoked(ADA));

    world.now = 1_300;
    assert.ok(feed.isFresh());
    world.now = 1_301;
    assert.ok(!feed.isFresh());
  });

  it('takes news that come late for as old as they are', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    await world.tell({ after: 0 });
    world.now = 5_000;
    await world.tell({ after: 700 });
    assert.ok(!feed.isFresh());
    await world.tell({ after: 4_900 });
    assert.ok(feed.isFresh());
  });

  it('asks about what it is to say itself, and says so when it cannot', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    assert.equal(await feed.ask(ADA), false);
    world.answer = async () => ({ revoked: true });
    assert.equal(await feed.ask(ADA), true);
    world.answer = () => Promise.reject(new Error('gone'));
    await assert.rejects(feed.ask(ADA), { reason: 'PEER_UNAVAILABLE' });
  });

  it('asks once for many calls at a time, and anew for a call that comes later', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    const answers: ((revoked: boolean) => void)[] = [];
    world.answer = () => new Promise((resolve) => answers.push((revoked) => resolve({ revoked })));
    const [one, other] = [feed.ask(ADA), feed.ask(ADA)];
    world.now = 251;
    const later = feed.ask(ADA);
    assert.equal(answers.length, 2);

    for (const [nth, tell] of answers.entries()) tell(nth === 1);
    assert.deepEqual(await Promise.all([one, other, later]), [false, false, true]);
  });

  it('tells at once who listens', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    let told = 0;
    const quit = feed.onChange(() => {
      told += 1;
    });
    await world.tell({ after: 0 });
    await world.tell({ after: 1, revoked: ['tok_1'] });
    quit();
    await world.tell({ after: 2, revoked: ['tok_2'] });
    assert.equal(told, 1);
  });

  it('knows each page of much at once, and is fresh with the last (T28)', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    await world.tell({ after: undefined, revoked: ['tok_1'] });
    assert.ok(feed.isRevoked(ADA));
    assert.ok(!feed.isFresh());

    await world.tell({ after: undefined, revoked: ['tok_2'] });
    await world.tell({ after: 0, revoked: ['tok_3'] });
    assert.ok(feed.isFresh());
    for (const tokenId of ['tok_1', 'tok_2', 'tok_3'])
      assert.ok(feed.isRevoked({ ...ADA, tokenId }));
  });

  it('forgets nothing before it has heard all pages of another stream', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    await world.tell({ after: 0, revoked: ['tok_1'] });
    await world.end();
    await world.tell({ after: undefined, revoked: ['tok_2'] });
    assert.ok(feed.isRevoked(ADA));
    await world.tell({ after: 0, revoked: [] });
    assert.ok(!feed.isRevoked(ADA));
    assert.ok(feed.isRevoked({ ...ADA, tokenId: 'tok_2' }));
  });

  it('forgets nothing for a stream of somebody who has looked before', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    await world.tell({ after: 3_000, revoked: ['tok_1'] });
    await world.end();
    await world.tell({ after: 1_000 });
    assert.ok(feed.isRevoked(ADA));
  });

  it('opens another stream when one ends, and forgets what that does not say', async () => {
    const world = new Played();
    await using feed = new RevocationFeed(world, world.clock);
    await world.tell({ after: 0, revoked: ['tok_1'] });
    await world.end();
    await world.tell({ after: 0 });
    assert.ok(!feed.isRevoked(ADA));
  });
});

describe('a server', () => {
  it('ends the open streams of a caller who is revoked, and no others (T28)', async () => {
    const known = new Known();
    await using server = await startTestServer(HOLDING, { authenticate: byName(known) });
    await using client = connect(echoService(), server.address, {});
    const [ada, bob] = [await open(client, 'usr_1'), await open(client, 'usr_2')];

    known.revoke('usr_1');

    const { code, reason } = await rejection(ada.next());
    assert.deepEqual([code, reason], ['UNAUTHENTICATED', 'TOKEN_REVOKED']);
    await bob.return?.(undefined);
  });

  it('asks about open streams while it does not know, and ends those of the revoked (T28)', async () => {
    const known = new Known();
    known.fresh = false;
    known.answer = async ({ id }) => id === 'usr_1';
    await using server = await startTestServer(HOLDING, { authenticate: byName(known) });
    await using client = connect(echoService(), server.address, {});
    const [ada, bob] = [await open(client, 'usr_1'), await open(client, 'usr_2')];

    assert.equal((await rejection(ada.next())).reason, 'TOKEN_REVOKED');
    await bob.return?.(undefined);
  });

  it('lets streams go on while nobody can be asked, for a while, and then ends them', async () => {
    const known = new Known();
    known.fresh = false;
    known.answer = () => Promise.reject(unavailable('teams'));
    const reviews: (() => void)[] = [];
    const after = (_: number, callback: () => void) => {
      reviews.push(callback);
      return NOTHING;
    };
    const clock = { ...machineClock, after };
    const ended: string[] = [];
    const abort = ({ reason }: PublicError): void => {
      ended.push(reason);
    };
    const stream = { caller: ADA, endpoint: { streams: true }, abort };
    using _cutter = new RevokedCutter({ open: new Set([stream as never]), clock }, known);
    const review = async (): Promise<void> => {
      reviews.shift()?.();
      while (reviews.length === 0) await new Promise((resolve) => setImmediate(resolve));
    };

    for (let count = 0; count < 4; count += 1) await review();
    known.answer = async () => false;
    await review();
    known.answer = () => Promise.reject(unavailable('teams'));
    for (let count = 0; count < 4; count += 1) await review();
    assert.equal(ended.length, 0);
    await review();
    assert.deepEqual(ended, ['PEER_UNAVAILABLE']);
  });

  async function open(client: Remote<ReturnType<typeof echoService>>, id: string) {
    const options = { metadata: { caller: `user:${id}` } };
    const stream = client.count({}, options)[Symbol.asyncIterator]();
    assert.equal((await stream.next()).value?.text, 'here');
    return stream;
  }
});

/** Teams, and a clock, as a test plays them. */
class Played implements RevocationSource {
  now = 0;
  answer: () => Promise<{ readonly revoked: boolean }> = async () => ({ revoked: false });
  #waiting: ((news: RevocationNews | undefined) => void) | undefined;
  #taken: () => void = () => undefined;
  readonly clock: Clock = {
    now: () => new Date(this.now),
    elapsed: () => this.now,
    after(_, callback) {
      const timer = setImmediate(callback);
      return () => clearImmediate(timer);
    },
  };

  checkRevocation(): Promise<{ readonly revoked: boolean }> {
    return this.answer();
  }

  async *watchRevocations(
    _: object,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<RevocationNews> {
    for (;;) {
      const news = await new Promise<RevocationNews | undefined>((resolve) => {
        this.#waiting = resolve;
        this.#taken();
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
      });
      this.#waiting = undefined;
      if (!news) return;
      yield news;
    }
  }

  /** Says what was revoked, and after how many milliseconds it was looked, unless more follows. */
  async tell(news: { readonly after: number | undefined; readonly revoked?: readonly string[] }) {
    const { after, revoked = [] } = news;
    await this.#say({
      revocations: revoked.map((subject) => ({ subject, minVersion: NEVER })),
      lookedAfter: after === undefined ? after : { seconds: 0n, nanos: after * 1e6 },
    });
  }

  end(): Promise<void> {
    return this.#say(undefined);
  }

  /** Says something to who waits for it, and waits until they wait again: then it was taken. */
  async #say(news: RevocationNews | undefined): Promise<void> {
    if (!this.#waiting) await this.#again();
    const again = this.#again();
    this.#waiting?.(news);
    await again;
  }

  #again(): Promise<void> {
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }
}

/** Takes the metadata `caller: user:<id>` for proof of who is calling, as long as they are not revoked. */
function byName(revocations: Revocations) {
  const authenticate = (metadata: CallMetadata): Caller => {
    const [, id = ''] = (metadata.get('caller') ?? '').split(':');
    return { ...callerNamed('user', id), tokenId: `tok_${id}` };
  };
  return Object.assign(authenticate, { revocations });
}

/** Says one thing, and then nothing until it is told to stop. */
const HOLDING = {
  async *count(_: unknown, { signal }: Call) {
    yield { text: 'here' };
    await once(signal, 'abort');
  },
};
