import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STREAM } from '@ramet/database';
import type { Mesh } from '@ramet/local';
import { systemClock } from '@ramet/service';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { until } from '../stories/support/again.js';
import { endSoundly } from '../stories/support/soundness.js';
import { type Crew, startWorld, type World } from '../stories/support/world.js';
import { deletedAlive, type Story, stopped, whole } from './lives.js';

// Goal: NATS only shortens waits. Without it nothing is lost or refused, and what is to be
// published follows in order when it is back.
// Method: the whole mesh, whose NATS server is stopped, killed, and robbed of its stream.

const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;

/** More than any story takes with NATS, and far less than the slowest clock of any consumer. */
const WITHOUT_NATS_MS = 45_000;

describe('a mesh whose NATS is away', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => endSoundly(world));

  it('goes on within seconds, and publishes everything in order afterwards', async () => {
    const server = nats(world.mesh).process;
    await server.stop();
    const crews = await crewsOf(world, 'away', 3);

    const start = systemClock.elapsed();
    const lives = await Promise.all([
      tell(whole, crews[0], world),
      tell(stopped, crews[1], world),
      tell(deletedAlive, crews[2], world),
    ]);
    assert.ok(systemClock.elapsed() - start < WITHOUT_NATS_MS);
    assert.deepEqual(
      lives.flat().map(({ phase }) => phase),
      ['COMPLETED', 'STOPPED', 'DELETED'],
    );

    await server.start();
    await requirePublished(world);
  });

  it('loses nothing when NATS dies in the middle', async () => {
    const crews = await crewsOf(world, 'dying', 2);
    const telling = Promise.all(crews.map((crew) => tell(whole, crew, world)));
    await nats(world.mesh).process.kill('SIGKILL');
    await telling;

    await nats(world.mesh).process.whenServing();
    await requirePublished(world);
  });

  it('starts without it', async () => {
    await nats(world.mesh).process.stop();
    for (const name of SERVICES) await world.mesh.service(name).kill('SIGKILL');
    for (const name of SERVICES) await world.mesh.service(name).whenServing();
    const [crew] = await crewsOf(world, 'starting', 1);
    await tell(whole, crew, world);

    await nats(world.mesh).process.start();
    await requirePublished(world);
  });

  it('makes the stream anew when somebody deletes it, and goes on with what follows', async () => {
    await using admin = await connectAdmin(world.mesh);
    const before = await positions(world);
    await admin.streams.delete(STREAM);
    const [crew] = await crewsOf(world, 'deleting', 1);
    await tell(whole, crew, world);

    await requirePublished(world, before);
  });
});

function nats({ stores }: Mesh) {
  return stores.nats ?? assert.fail('the mesh has no NATS of its own');
}

async function crewsOf(world: World, name: string, count: number): Promise<readonly Crew[]> {
  return Promise.all(Array.from({ length: count }, (_, nth) => world.createCrew(`${name}-${nth}`)));
}

async function tell(story: Story, crew: Crew | undefined, world: World) {
  return crew ? story(crew, crew.owner, world.admin) : assert.fail('no crew');
}

type Positions = Readonly<Record<string, bigint>>;

/** How far each service has numbered its history. */
async function positions(world: World): Promise<Positions> {
  const pairs = SERVICES.map(async (service) => {
    const sql = `select coalesce(max(position), 0) as last from ${service}.history`;
    const [row] = await world.ask<{ last: bigint }>(sql);
    return [service, row?.last ?? 0n] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

/** Throws unless the stream holds what follows `after` of each service: all of it, once, in order. */
async function requirePublished(world: World, after: Positions = {}): Promise<void> {
  await using admin = await connectAdmin(world.mesh);
  const upTo = await positions(world);
  const expected = SERVICES.map((service) => numbers(after[service] ?? 0n, upTo[service] ?? 0n));
  let found: readonly (readonly bigint[])[] = [];
  await until('all is published', async () => {
    const ids = await idsIn(admin);
    found = SERVICES.map((service) => ids.flatMap((id) => positionIn(id, service)));
    return found.every(({ length }, index) => length >= (expected[index]?.length ?? 0));
  });
  for (const [index, service] of SERVICES.entries()) {
    const all = found[index] ?? [];
    const late = numbers(all[0] === undefined ? 0n : all[0] - 1n, all.at(-1) ?? 0n);
    assert.deepEqual(all, late, `${service} has published out of order`);
    assert.equal(all[0] ?? 1n, (after[service] ?? 0n) + 1n, `${service} has left something out`);
  }
}

function numbers(after: bigint, last: bigint): readonly bigint[] {
  return Array.from({ length: Number(last - after) }, (_, index) => after + BigInt(index + 1));
}

/** Heads of logs are published beside the history: they have no position in it. */
function positionIn(id: string, service: string): readonly bigint[] {
  const [producer, position = ''] = id.split(':');
  return producer === service && /^\d+$/.test(position) ? [BigInt(position)] : [];
}

/** The ids of the messages in the stream, in order. */
async function idsIn({ streams }: Admin): Promise<readonly string[]> {
  const ids: string[] = [];
  const info = await streams.info(STREAM).catch(() => undefined);
  const { first_seq: first, last_seq: last } = info?.state ?? { first_seq: 1, last_seq: 0 };
  for (let seq = first; seq <= last; seq += 1) {
    ids.push((await streams.getMessage(STREAM, { seq })).header.get('Nats-Msg-Id'));
  }
  return ids;
}

interface Admin extends AsyncDisposable {
  readonly streams: JetStreamManager['streams'];
}

async function connectAdmin(mesh: Mesh): Promise<Admin> {
  const token = readFileSync(join(mesh.layout.secrets, 'nats'), 'utf8');
  const connection: NatsConnection = await connect({ servers: mesh.stores.natsUrl, token });
  const { streams } = await connection.jetstreamManager();
  return { streams, [Symbol.asyncDispose]: () => connection.close() };
}
