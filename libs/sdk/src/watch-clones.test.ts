// Goal: a watch goes on over whatever happens to its streams, and never over what it cannot prove.
// Method: a service that is played over a real socket, and says what a test wants.

import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import {
  Clone,
  CloneServiceService,
  type WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { connect, type Handlers, implement, type Remote, serve } from '@ramet/rpc';
import { type WatchEvent, type WatchOptions, watchClones } from './watch-clones.js';

type Script = (request: WatchClonesRequest) => Iterable<WatchClonesResponse>;

const away = () => new PublicError('unavailable', 'SERVER_DRAINING', 'stopping');
const pruned = () => new PublicError('out_of_range', 'CURSOR_PRUNED', 'too old');
const slow = () => new PublicError('resource_exhausted', 'WATCH_TOO_SLOW', 'read faster');
const refused = () => new PublicError('permission_denied', 'PERMISSION_DENIED', 'no');

describe('watchClones', () => {
  it('goes on from its last cursor when the service is away, or had cut it', async () => {
    const cursors: string[] = [];
    const { events, pauses } = await watchOver(4, function* ({ cursor }) {
      cursors.push(cursor.toString());
      const seq = cursors.length;
      yield changed(seq);
      throw seq % 2 === 0 ? slow() : away();
    });

    assert.deepEqual(events, ['change 1', 'change 2', 'change 3', 'change 4']);
    assert.deepEqual(cursors, ['', 'after 1', 'after 2', 'after 3']);
    assert.deepEqual(pauses, [250, 250, 250]);
  });

  it('waits longer each time nothing came, with jitter', async () => {
    let streams = 0;
    const script: Script = function* () {
      streams += 1;
      if (streams === 1 || streams === 9) yield changed(streams === 1 ? 1 : 2);
      throw away();
    };
    const { pauses } = await watchOver(2, script, { random: () => 0 });

    assert.deepEqual(pauses, [125, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('begins again when one cannot go on, and says so', async () => {
    const { events } = await watchOver(4, function* ({ cursor }) {
      if (cursor.length > 0) throw pruned();
      yield changed(7);
      yield changed(8);
      throw away();
    });

    assert.deepEqual(events, ['change 7', 'change 8', 'relisted', 'change 7']);
  });

  it('begins again when it was cut within its first snapshot', async () => {
    let streams = 0;
    const { events } = await watchOver(3, function* () {
      streams += 1;
      yield { ...changed(streams), cursor: Buffer.alloc(0) };
      throw away();
    });

    assert.deepEqual(events, ['change 1', 'relisted', 'change 2']);
  });

  it('does not go on over a gap', async () => {
    let streams = 0;
    const watching = watchOver(9, function* () {
      streams += 1;
      yield changed(streams === 1 ? 1 : 3);
      throw away();
    });

    await assert.rejects(watching, { name: 'WatchIntegrityError', fault: 'dropped' });
  });

  it('throws what waiting does not help against', async () => {
    const refusing = watchOver(9, function* () {
      yield changed(1);
      throw refused();
    });
    await assert.rejects(refusing, { reason: 'PERMISSION_DENIED' });
    const never = watchOver(9, () => {
      throw away();
    });
    await assert.rejects(never, { reason: 'SERVER_DRAINING' });
  });

  it('ends when its signal aborts', async () => {
    const controller = new AbortController();
    const script: Script = function* () {
      yield changed(1);
      throw away();
    };
    const sleep = async () => controller.abort();
    const { events } = await watchOver(9, script, { signal: controller.signal, sleep });

    assert.deepEqual(events, ['change 1']);
  });
});

interface Watched {
  readonly events: readonly string[];
  readonly pauses: readonly number[];
}

/** Watches a played service until so many things were told. */
async function watchOver(
  count: number,
  script: Script,
  options: WatchOptions = {},
): Promise<Watched> {
  const pauses: number[] = [];
  const sleep = async (ms: number): Promise<void> => void pauses.push(ms);
  await using service = await play(script);
  const events: string[] = [];
  const all = { random: () => 1, sleep, ...options };
  for await (const event of watchClones(service.client, {}, all)) {
    events.push(nameOf(event));
    if (events.length === count) break;
  }
  return { events, pauses };
}

interface Played extends AsyncDisposable {
  readonly client: Remote<typeof CloneServiceService>;
}

async function play(script: Script): Promise<Played> {
  const handlers = {
    async *watchClones(request: WatchClonesRequest) {
      yield* script(request);
    },
  };
  // Only this method is called.
  const all = new Proxy(handlers, { get: (known, name) => Reflect.get(known, name) ?? nobody });
  const silent = (): void => undefined;
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    services: [
      implement(CloneServiceService, all as unknown as Handlers<typeof CloneServiceService>),
    ],
    contract: loadContract(),
    authenticate: () => ({ kind: 'user', id: 'usr_1', admin: false, tokenId: '' }),
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const client = connect(CloneServiceService, server.address);
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const nobody = (): never => assert.fail('nobody calls this');

function changed(seq: number): WatchClonesResponse {
  const value = {
    clone: Clone.fromPartial({ id: 'cln_1', seq }),
    kind: 'clone.changed',
    actor: '',
  };
  return { event: { $case: 'change', value }, cursor: Buffer.from(`after ${seq}`) };
}

function nameOf(event: WatchEvent): string {
  return event.$case === 'change' ? `change ${event.value.clone?.seq}` : event.$case;
}
