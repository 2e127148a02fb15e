import assert from 'node:assert/strict';
import { connect, type NatsConnection } from 'nats';
import { type Bus, connectBus, STREAM } from './bus.js';
import { startSequencer } from './sequencer.js';
import { type Colony, clock, grow, logger, openColony, until } from './support/fixture.js';
import { type NatsServer, prepareNats } from './support/nats.js';

describe('the relay', () => {
  it('publishes each change once, in order, as a CloudEvent', async () => {
    await using colony = await openColony();
    await using nats = await prepareNats();
    await nats.start();
    await using _ = relaying(colony, nats);

    await Promise.all(['ram_a', 'ram_b', 'ram_c'].map((id) => growMany(colony, id, 30)));
    const messages = await stored(nats, 90);

    assert.deepEqual(
      messages.map(({ id }) => id),
      Array.from({ length: 90 }, (_, index) => `${colony.service}:${index + 1}`),
    );
    const [first] = messages;
    assert.match(first?.subject ?? '', /^ramet\.colony\w+\.ramet\.ram_[abc]\.grown$/);
    assert.equal(first?.header('ce-specversion'), '1.0');
    assert.equal(first?.header('ce-source'), `/ramet/${colony.service}`);
    assert.equal(first?.header('ce-type'), `ramet.${colony.service}.v1.ramet.grown`);
    assert.equal(first?.header('ce-position'), '1');
    assert.equal(first?.text, 'size 1');
  });

  it('starts without NATS, and catches up when it comes and each time it comes back', async () => {
    await using colony = await openColony();
    await using nats = await prepareNats();
    await using relay = relaying(colony, nats);
    await growMany(colony, 'ram_a', 70);

    await nats.start();
    await stored(nats, 70);
    await nats.stop();
    await until(() => !relay.bus.connected);
    await growMany(colony, 'ram_a', 5);
    await nats.start();

    const messages = await stored(nats, 75);
    assert.deepEqual(
      messages.map(({ text }) => text),
      Array.from({ length: 75 }, (_, index) => `size ${index + 1}`),
    );
  });

  it('makes the stream anew when somebody deletes it, and goes on', async () => {
    await using colony = await openColony();
    await using nats = await prepareNats();
    await nats.start();
    await using _ = relaying(colony, nats);
    await growMany(colony, 'ram_a', 3);
    await stored(nats, 3);

    await using admin = await connectAdmin(nats);
    await (await admin.connection.jetstreamManager()).streams.delete(STREAM);
    await growMany(colony, 'ram_a', 3);

    const messages = await stored(nats, 3);
    assert.deepEqual(
      messages.map(({ id }) => id),
      [4, 5, 6].map((position) => `${colony.service}:${position}`),
    );
  });

  it('goes on where the last one stopped', async () => {
    await using colony = await openColony();
    await using nats = await prepareNats();
    await nats.start();
    for (const count of [3, 6]) {
      await using _ = relaying(colony, nats);
      await growMany(colony, 'ram_a', 3);
      await stored(nats, count);
    }
    await until(async () => {
      const [row] = await colony.db.query<{ position: bigint }>('select position from relay');
      return row?.position === 6n;
    });
  });

  it('leaves the payload out of a message that NATS would refuse', async () => {
    await using colony = await openColony();
    await using nats = await prepareNats();
    await growMany(colony, 'ram_a', 2);
    await colony.db.query(
      `update history set payload = decode(repeat('00', 2000000), 'hex') where seq = 1`,
    );
    await nats.start();
    await using _ = relaying(colony, nats);

    const messages = await stored(nats, 2);
    assert.deepEqual(
      messages.map(({ text, header }) => [text, header('ce-dataomitted')]),
      [
        ['', 'true'],
        ['size 2', ''],
      ],
    );
  });
});

describe('connectBus', () => {
  it('calls back for what others publish, also after NATS was away', async () => {
    await using nats = await prepareNats();
    await using bus = connectBus({ url: nats.url, clock, logger });
    const seen: string[] = [];
    const quit = bus.subscribe('ramet.teams.>', (subject) => seen.push(subject));
    const publish = async (id: string): Promise<void> => {
      await using admin = await connectAdmin(nats);
      admin.connection.publish(`ramet.teams.bot.${id}.changed`);
      await admin.connection.flush();
    };

    await nats.start();
    await until(() => bus.connected);
    await until(async () => {
      await publish('bot_1');
      return seen.length > 0;
    });
    await nats.stop();
    await until(() => !bus.connected);
    await nats.start();
    await until(() => bus.connected);
    await until(async () => {
      await publish('bot_2');
      return seen.includes('ramet.teams.bot.bot_2.changed');
    });
    quit();
  });

  it('connects with a token, and waits without end when that is refused', async () => {
    await using nats = await prepareNats('right');
    await nats.start();
    const warnings: string[] = [];
    const noting = { ...logger, warn: (message: string) => void warnings.push(message) };
    const wrong = connectBus({ url: nats.url, token: 'wrong', clock, logger: noting });
    await using right = connectBus({ url: nats.url, token: 'right', clock, logger });
    await until(() => right.connected && warnings.length > 0);
    assert.equal(wrong.connected, false);
    await wrong[Symbol.asyncDispose]();
  });
});

interface Relaying extends AsyncDisposable {
  readonly bus: Bus;
}

function relaying({ db, service }: Colony, nats: NatsServer): Relaying {
  const bus = connectBus({ url: nats.url, clock, logger });
  const sequencer = startSequencer({ db, service, bus, clock, logger, pollMs: 50 });
  return {
    bus,
    async [Symbol.asyncDispose]() {
      await sequencer[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
    },
  };
}

async function growMany({ db }: Colony, id: string, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await db.transaction((tx) => grow(tx, id));
}

interface StoredMessage {
  readonly subject: string;
  readonly id: string;
  readonly text: string;
  readonly header: (name: string) => string;
}

/** Waits until the stream holds so many messages, and reads them. */
async function stored(nats: NatsServer, count: number): Promise<readonly StoredMessage[]> {
  await using admin = await connectAdmin(nats);
  const { streams } = await admin.connection.jetstreamManager({ checkAPI: false });
  const state = () =>
    streams.info(STREAM).then(
      (info) => info.state,
      () => undefined,
    );
  await until(async () => (await state())?.messages === count);

  const { first_seq: first } = (await state()) ?? { first_seq: 0 };
  return await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const message = await streams.getMessage(STREAM, { seq: first + index });
      return {
        subject: message.subject,
        id: message.header.get('Nats-Msg-Id'),
        text: Buffer.from(message.data).toString(),
        header: (name: string) => message.header.get(name),
      };
    }),
  );
}

interface Admin extends AsyncDisposable {
  readonly connection: NatsConnection;
}

async function connectAdmin({ url }: NatsServer): Promise<Admin> {
  const connection = await connect({ servers: url });
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}
