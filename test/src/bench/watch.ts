import {
  Clone,
  CloneChanged,
  CloneKind,
  ClonePhase,
  type WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { systemIds } from '@ramet/service';
import pg from 'pg';
import { type Child, startChild } from './child.js';
import { withPostgres } from './durable-postgres.js';
import { median, round2 } from './figures.js';
import { PLAYED_TEAM } from './played-peers.js';
import { createIssuer } from './tokens.js';
import type { Watching, WatchLoadAnswer, WatchLoadQuestion } from './watch-load.js';
import type { WatchServerAnswer, WatchServerQuestion } from './watch-server.js';

interface Options {
  readonly json: boolean;
  readonly seconds: number;
  readonly rounds: number;
}

/** One round of one server. */
interface Round {
  /** The server's CPU for each delivery. */
  readonly micros: number;
  readonly perSecond: number;
  readonly residentBytes: number;
}

type Server = Child<WatchServerQuestion, WatchServerAnswer>;

/** 10 callers, each with 10 filters and 10 watches by each: 1,000 watches by 100 filters. */
const CALLERS = 10;
const FILTERS = 10;
const WATCHES = 10;
/** Of the filters of a caller so many let an event pass. */
const PASSING = 5;
const EVENTS_PER_SECOND = 500;
/** The budget of DESIGN.md, section 8. */
const BUDGET = 1.2;

/**
 * Measures what it costs to tell a watcher of a change, next to a bare grpc-js server that writes the
 * same bytes to as many streams.
 *
 * Servers and the client are processes of their own and take turns. Events are written into the
 * history of a real PostgreSQL; what it costs to number, read and decode them is in the figure.
 */
export async function benchWatch(options: Options): Promise<void> {
  await withPostgres(async (urlOf) => {
    await measure(urlOf('postgres'), options);
  });
}

async function measure(databaseUrl: string, options: Options): Promise<void> {
  const issuer = createIssuer();
  await using bare = startChild<WatchServerQuestion, WatchServerAnswer>('watch-server.js');
  await using real = startChild<WatchServerQuestion, WatchServerAnswer>('watch-server.js');
  await using load = startChild<WatchLoadQuestion, WatchLoadAnswer>('watch-load.js');
  const order = { ask: 'start', issuer: issuer.pkcs8, databaseUrl } as const;
  const addresses = {
    bare: (await bare.ask({ ...order, kind: 'bare' })).address,
    real: (await real.ask({ ...order, kind: 'lifecycle' })).address,
  };
  const users = Array.from({ length: CALLERS }, () => systemIds.make('usr'));
  const watching = users.map((sub): Watching => {
    return { token: issuer.token({ sub, kind: 'user' }), filters: filters(), each: WATCHES };
  });
  for (const address of Object.values(addresses))
    await load.ask({ ask: 'open', address, watching });

  const client = new pg.Client(databaseUrl);
  await client.connect();
  const events = options.seconds * EVENTS_PER_SECOND;
  const deliveries = events * PASSING * WATCHES;
  const rounds: { bare: Round[]; real: Round[] } = { bare: [], real: [] };
  for (let round = -1; round < options.rounds; round += 1) {
    let sample: Uint8Array = Buffer.alloc(0);
    const told = await turn(real, deliveries, async () => {
      await append(client, users, events);
      const answer = await load.ask({ ask: 'await', address: addresses.real, changes: deliveries });
      ({ sample } = answer);
    });
    const each = deliveries / (CALLERS * FILTERS * WATCHES);
    const written = await turn(bare, deliveries, async () => {
      await bare.ask({ ask: 'write', bytes: sample, each });
      await load.ask({ ask: 'await', address: addresses.bare, changes: deliveries });
    });
    // The first round warms up.
    if (round < 0) continue;
    rounds.real.push(told);
    rounds.bare.push(written);
    if (!options.json)
      console.info(`round ${round + 1}: ${told.micros} us, bare ${written.micros} us`);
  }
  await client.end();
  report(rounds, { ...options, deliveries });
}

async function turn(server: Server, deliveries: number, act: () => Promise<void>): Promise<Round> {
  const before = await server.ask({ ask: 'cpu' });
  const start = performance.now();
  await act();
  const ms = performance.now() - start;
  const { cpuMicros, residentBytes } = await server.ask({ ask: 'cpu' });
  return {
    micros: round2((cpuMicros - before.cpuMicros) / deliveries),
    perSecond: Math.round((deliveries / ms) * 1_000),
    residentBytes,
  };
}

/** Half of them let pass what runs, half of them do not. */
function filters(): readonly Partial<WatchClonesRequest>[] {
  return Array.from({ length: FILTERS }, (_, n) => {
    const phases =
      n < PASSING
        ? [ClonePhase.RUNNING, n + ClonePhase.STOPPING]
        : [n - PASSING + ClonePhase.STOPPING];
    return { phases: phases as ClonePhase[], kinds: [CloneKind.BOT] };
  });
}

/** Writes changes into the history, as lifecycle would. */
async function append(client: pg.Client, users: readonly string[], count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => cloneOf(users[n % users.length] ?? ''));
  await client.query(
    `insert into lifecycle.history
       (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
     select id, 1, 'clone.created', 'service:bench', '', payload, '', $3, lifecycle.ramet_now(), ''
     from unnest($1::text[], $2::bytea[]) as row (id, payload)`,
    [
      rows.map(({ id }) => id),
      rows.map((clone) =>
        Buffer.from(CloneChanged.encode(CloneChanged.fromPartial({ clone })).finish()),
      ),
      Buffer.alloc(32, 7),
    ],
  );
}

function cloneOf(userId: string): Clone {
  const time = new Date();
  return Clone.fromPartial({
    id: systemIds.make('cln'),
    kind: CloneKind.BOT,
    owner: { owner: { $case: 'userId', value: userId } },
    creatorId: userId,
    botId: systemIds.make('bot'),
    teamId: PLAYED_TEAM,
    parameters: [{ name: 'symbol', value: 'BTCUSDT' }],
    desired: 1,
    phase: ClonePhase.RUNNING,
    phaseTime: time,
    deadlineTime: time,
    createTime: time,
    updateTime: time,
    etag: '1',
    seq: 1,
  });
}

function report(
  { bare, real }: { readonly bare: readonly Round[]; readonly real: readonly Round[] },
  { json, deliveries }: Options & { readonly deliveries: number },
): void {
  const measured = { bare: summary(bare), watch: summary(real) };
  const ratio = round2(measured.watch.micros / measured.bare.micros);
  if (json) {
    console.info(JSON.stringify({ bench: 'watch', deliveries, measured, ratio, budget: BUDGET }));
    return;
  }
  console.info(`
1,000 watches, 100 filters, ${deliveries} deliveries a round; server CPU for each delivery

bare stream writes   ${measured.bare.micros} us   ${measured.bare.perSecond}/s   ${measured.bare.residentMb} MB
WatchClones          ${measured.watch.micros} us   ${measured.watch.perSecond}/s   ${measured.watch.residentMb} MB

WatchClones / bare   ${ratio}  (budget <= ${BUDGET})`);
}

function summary(rounds: readonly Round[]) {
  const per = (of: (round: Round) => number): number => median(rounds.map(of));
  return {
    micros: per(({ micros }) => micros),
    perSecond: per(({ perSecond }) => perSecond),
    residentMb: Math.round(Math.max(...rounds.map((round) => round.residentBytes)) / 1e6),
  };
}
