import { setTimeout as sleep } from 'node:timers/promises';
import { Scope, systemIds } from '@ramet/service';
import pg from 'pg';
import { type Child, startChild } from './child.js';
import type { CreateOrder, Creator } from './create-load.js';
import type { CreateServerAnswer, CreateServerQuestion } from './create-server.js';
import { createDatabase, withPostgres } from './durable-postgres.js';
import { median } from './figures.js';
import { fillIdle } from './idle-clones.js';
import type { LoadResult } from './load.js';
import type { ReconcileAnswer, ReconcileQuestion } from './reconcile-server.js';
import { createIssuer } from './tokens.js';

interface Options {
  readonly json: boolean;
  /** How long clones are created for in a round. */
  readonly seconds: number;
  readonly rounds: number;
}

/** One round: how many clones were brought to their end, and how fast. */
interface Round {
  readonly clones: number;
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** A database, and what acts on it. */
interface Stage {
  readonly idle: number;
  readonly databaseUrl: string;
  readonly creating: Child<CreateServerQuestion, CreateServerAnswer>;
  readonly reconciling: Child<ReconcileQuestion, ReconcileAnswer>;
  readonly address: string;
  readonly rounds: Round[];
}

const IDLE = [0, 100_000];
const CONCURRENCY = 64;
const OWNERS = 64;
const LOOK_MS = 200;
/** The budget of DESIGN.md, section 8. */
const BUDGET = 0.97;

/**
 * Measures how many clones a second one replica brings from ACCEPTED to COMPLETED, beside 100,000
 * clones that nothing is to be done for, next to the same beside none.
 *
 * Clones are created first, by a server that does not reconcile. Peers are played in the process and
 * answer at once: what is measured is the reconciler and its database. The two take turns.
 */
export async function benchReconcile(options: Options): Promise<void> {
  await withPostgres(async (urlOf) => {
    report(await measure((name) => urlOf(name), options), options);
  });
}

async function measure(
  urlOf: (name: string) => string,
  options: Options,
): Promise<readonly Stage[]> {
  await using scope = new Scope();
  const { pkcs8: issuer, token } = createIssuer();
  const load = scope.use(startChild<CreateOrder, LoadResult>('create-load.js'));
  const stages: Stage[] = [];
  for (const idle of IDLE) {
    const creating = scope.use(
      startChild<CreateServerQuestion, CreateServerAnswer>('create-server.js'),
    );
    const reconciling = scope.use(
      startChild<ReconcileQuestion, ReconcileAnswer>('reconcile-server.js'),
    );
    const databaseUrl = await createDatabase(urlOf, `idle${idle}`);
    // The first start makes the tables.
    await reconciling.ask({ ask: 'start', issuer, databaseUrl });
    await reconciling.ask({ ask: 'stop' });
    if (idle > 0) await fillIdle(databaseUrl, idle);
    const order = { ask: 'start', kind: 'lifecycle', issuer, databaseUrl } as const;
    const { address } = await creating.ask(order);
    stages.push({ idle, databaseUrl, creating, reconciling, address, rounds: [] });
  }
  const creators = Array.from({ length: OWNERS }, (): Creator => {
    const userId = systemIds.make('usr');
    return { userId, token: token({ sub: userId, kind: 'user' }) };
  });
  const wish = { creators, botId: systemIds.make('bot'), concurrency: CONCURRENCY };
  for (let round = -1; round < options.rounds; round += 1) {
    for (const stage of stages) {
      const ms = options.seconds * 1_000;
      const { failures, firstFailure } = await load.ask({ ...wish, address: stage.address, ms });
      if (failures > 0) throw new Error(firstFailure);
      const done = await reconcileAll(stage, issuer);
      // The first round warms up.
      if (round < 0) continue;
      stage.rounds.push(done);
      if (options.json) continue;
      const { clones, perSecond } = done;
      console.info(`beside ${stage.idle} idle: ${clones} clones, ${Math.round(perSecond)}/s`);
    }
  }
  return stages;
}

/** Has everything reconciled that is due. The time is from the first change to the last one. */
async function reconcileAll({ databaseUrl, reconciling }: Stage, issuer: string): Promise<Round> {
  const options = '-c search_path=lifecycle';
  const client = new pg.Client({ connectionString: databaseUrl, options });
  await client.connect();
  try {
    const { rows: begun } = await client.query<{ at: Date }>('select ramet_now() as at');
    const before = await reconciling.ask({ ask: 'start', issuer, databaseUrl });
    while ((await client.query(UNFINISHED)).rows.length > 0) await sleep(LOOK_MS);
    const after = await reconciling.ask({ ask: 'stop' });
    const { rows } = await client.query<{ clones: number; seconds: number }>(DONE, [begun[0]?.at]);
    const { clones = 0, seconds = 0 } = rows[0] ?? {};
    return {
      clones,
      perSecond: clones / seconds,
      cpuMicros: (after.cpuMicros - before.cpuMicros) / clones,
    };
  } finally {
    await client.end();
  }
}

/** Something that was just created, or is on its way. */
const UNFINISHED = `
  select 1 from clone
  where phase in ('ACCEPTED', 'PREPARING', 'PROVISIONING', 'FINALIZING') limit 1`;

const DONE = `
  select count(distinct aggregate)::int as clones,
    extract(epoch from max(at) - min(at))::float8 as seconds
  from history where at > $1 and kind <> 'clone.created'`;

function report(stages: readonly Stage[], { json }: Options): void {
  const measured = stages.map(({ idle, rounds }) => ({
    idle,
    perSecond: Math.round(median(rounds.map((each) => each.perSecond))),
    cpuMicros: Math.round(median(rounds.map((each) => each.cpuMicros))),
    rounds: rounds.map((each) => Math.round(each.perSecond)),
    clones: rounds.map((each) => each.clones),
  }));
  const [none, many] = measured;
  const ratio = Math.round(((many?.perSecond ?? 0) / (none?.perSecond ?? 1)) * 100) / 100;
  if (json) {
    console.info(JSON.stringify({ bench: 'reconcile', measured, ratio, budget: BUDGET }));
    return;
  }
  console.info('clones a second from ACCEPTED to COMPLETED, one replica, played peers\n');
  for (const { idle, perSecond, cpuMicros, rounds, clones } of measured) {
    const each = `by round ${rounds.join(', ')} (clones ${clones.join(', ')})`;
    console.info(`beside ${idle} idle  ${perSecond}/s  lifecycle ${cpuMicros} us a clone  ${each}`);
  }
  const verdict = ratio >= BUDGET ? 'met' : 'missed';
  console.info(`\nmany / none  ${ratio}  (budget >= ${BUDGET}: ${verdict})`);
}
