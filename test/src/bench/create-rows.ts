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

/** What `create_clones` writes for one clone, as plainly as one would: eight statements. */
async function create(client: pg.PoolClient, owner: string): Promise<void> {
  const id = systemIds.make('cln');
  const run = (name: string, text: string, values: unknown[]) =>
    client.query({ name, text, values });
  await client.query('begin');
  await run('request', REQUEST, [owner, id, BYTES]);
  await run('quota', QUOTA, [owner]);
  await run('clone', CLONE, [id, owner, SPEC, BYTES]);
  await run('entry', ENTRY, [owner, id]);
  await run('action', ACTION, [systemIds.make('act'), id, owner]);
  await run('work', WORK, [id]);
  await run('history', HISTORY, [id, owner, PAYLOAD, BYTES]);
  await client.query('commit');
}

const SOURCE = { kind: 'process', bundle: 'trader', tag: '', command: ['node'], revision: 1 };
const STAGE = { name: 'main', work: { kind: 'source', source: SOURCE }, limits: {}, ports: [] };
const SPEC = JSON.stringify({
  ...{ number: 1, templateRevision: 0, tag: '', overrides: [], limits: {} },
  parameters: [{ name: 'symbol', value: 'BTCUSDT' }],
  stages: [{ ...STAGE, always: false, oncePerRelease: false }],
});
const HOLDS = '{"clones":1,"cpu_millis":1000,"memory_bytes":536870912,"storage_bytes":1073741824}';

const REQUEST = `
  insert into request_id (caller, request_id, fingerprint, resource_id, at)
  values ($1, $2, $3, $2, ramet_now())`;

const QUOTA = `
  insert into quota (owner_id, kind, resource, used)
  select $1, 'BOT', h.key, h.value::bigint from jsonb_each_text('${HOLDS}') h order by h.key
  on conflict (owner_id, kind, resource) do update set used = quota.used + excluded.used`;

const CLONE = `
  insert into clone (
    id, name, kind, owner_id, creator_id, bot_id, team_id, key_id, release, labels, desired, phase,
    reason, message, phase_at, deadline_at, epoch, conditions, holds, created_at, updated_at, seq,
    hash)
  values (
    $1, '', 'BOT', $2, $2, 'bot', 'tem', '', $3, '{}', 'RUNNING', 'ACCEPTED', '', '', ramet_now(),
    ramet_now(), 0, '[]', '${HOLDS}', ramet_now(), ramet_now(), 1, $4)`;

const ENTRY = `
  insert into quota_entry (owner_id, kind, resource, clone_id, seq, change, at)
  select $1, 'BOT', h.key, $2, 1, h.value::bigint, ramet_now()
  from jsonb_each_text('${HOLDS}') h order by h.key`;

const ACTION = `
  insert into action (id, clone_id, clone_name, owner_id, name, actor, reason, parameters, seq,
                      started_at, outcome, trace)
  values ($1, $2, '', $3, 'clones.create', $3, '', '{}', 1, ramet_now(), 'RUNNING', '')`;

const WORK = 'insert into work (id, due_at) values ($1, ramet_now())';

const HISTORY = `
  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  values ($1, 1, 'clone.created', $2, '', $3, '', $4, ramet_now(), '')`;
