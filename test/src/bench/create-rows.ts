// One process of the create benchmark: writes the rows of creations, a transaction each, by node-pg.

import { systemIds } from '@ramet/service';
import pg from 'pg';
import { answerParent } from './child.js';
import type { LoadResult } from './load.js';

/** What to do. */
export interface RowsOrder {
  readonly databaseUrl: string;
  readonly owners: readonly string[];
  readonly concurrency: number;
  readonly ms: number;
}

const pools = new Map<string, pg.Pool>();

answerParent(async (order: RowsOrder): Promise<LoadResult> => {
  const pool = poolOf(order);
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();

  const worker = async (index: number): Promise<void> => {
    const owner = order.owners[index % order.owners.length] ?? '';
    const client = await pool.connect();
    while (performance.now() < start + order.ms) {
      const asked = performance.now();
      await create(client, owner);
      latencies.push(performance.now() - asked);
    }
    client.release();
  };
  await Promise.all(Array.from({ length: order.concurrency }, (_, index) => worker(index)));

  const { user, system } = process.cpuUsage(cpu);
  return {
    calls: latencies.length,
    failures: 0,
    firstFailure: '',
    ms: performance.now() - start,
    latencies: Float64Array.from(latencies).sort(),
    cpuMicros: user + system,
  };
});

function poolOf({ databaseUrl, concurrency }: RowsOrder): pg.Pool {
  const known = pools.get(databaseUrl);
  if (known) return known;
  // A copy of the tables, so that the two do not slow each other's indexes down.
  const options = '-c search_path=bench_rows';
  const pool = new pg.Pool({ connectionString: databaseUrl, max: concurrency, options });
  pools.set(databaseUrl, pool);
  return pool;
}

const BYTES = Buffer.alloc(32, 7);
const PAYLOAD = Buffer.alloc(420, 7);

/** What `create_clones` writes for one clone, as plainly as one would: seven statements. */
async function create(client: pg.PoolClient, owner: string): Promise<void> {
  const id = systemIds.make('cln');
  const run = (name: string, text: string, values: unknown[]) =>
    client.query({ name, text, values });
  await client.query('begin');
  await run('request', REQUEST, [owner, id, BYTES]);
  await run('quota', QUOTA, [owner]);
  await run('clone', CLONE, [id, owner, SPEC, BYTES]);
  await run('entry', ENTRY, [owner, id]);
  await run('work', WORK, [id]);
  await run('history', HISTORY, [id, owner, PAYLOAD, BYTES]);
  await client.query('commit');
}

const SPEC = JSON.stringify([{ name: 'symbol', value: 'BTCUSDT' }]);

const REQUEST = `
  insert into request_id (caller, request_id, fingerprint, resource_id, at)
  values ($1, $2, $3, $2, ramet_now())`;

const QUOTA = `
  insert into quota (owner_id, kind, resource, used) values ($1, 'BOT', 'clones', 1)
  on conflict (owner_id, kind, resource) do update set used = quota.used + 1`;

const CLONE = `
  insert into clone (
    id, name, kind, owner_id, creator_id, bot_id, team_id, key_id, parameters, limits, labels,
    source, desired, phase, reason, message, phase_at, deadline_at, epoch, conditions, created_at,
    updated_at, seq, hash)
  values (
    $1, '', 'BOT', $2, $2, 'bot', 'tem', '', $3, '{}', '{}', '{"kind":"process"}', 'RUNNING',
    'ACCEPTED', '', '', ramet_now(), ramet_now(), 0, '[]', ramet_now(), ramet_now(), 1, $4)`;

const ENTRY = `
  insert into quota_entry (owner_id, kind, resource, clone_id, change, at)
  values ($1, 'BOT', 'clones', $2, 1, ramet_now())`;

const WORK = 'insert into work (id, due_at) values ($1, ramet_now())';

const HISTORY = `
  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  values ($1, 1, 'clone.created', $2, '', $3, '', $4, ramet_now(), '')`;
