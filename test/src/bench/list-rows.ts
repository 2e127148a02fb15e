// One process of the list benchmark: reads the rows of pages by node-pg, and encodes them.
import {
  Clone,
  CloneDesired,
  CloneKind,
  ClonePhase,
  ListClonesResponse,
  OutcomeKind,
} from '@ramet/proto-gen/lifecycle.v1';
import pg from 'pg';
import { answerParent } from './child.js';
import type { LoadResult } from './load.js';

/** What to do. */
export interface PagesOrder {
  readonly databaseUrl: string;
  readonly owner: string;
  readonly pageSize: number;
  readonly concurrency: number;
  readonly ms: number;
}

const pools = new Map<string, pg.Pool>();

answerParent(async (order: PagesOrder): Promise<LoadResult> => {
  const pool = poolOf(order);
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();

  const worker = async (): Promise<void> => {
    let before = 'cln_~';
    while (performance.now() < start + order.ms) {
      const asked = performance.now();
      const values = [order.owner, before, order.pageSize];
      const { rows } = await pool.query<Row>({ text: PAGE, values });
      const nextPageToken = rows.at(-1)?.id ?? '';
      ListClonesResponse.encode({ clones: rows.map(toMessage), nextPageToken }).finish();
      latencies.push(performance.now() - asked);
      before = rows.length === order.pageSize ? nextPageToken : 'cln_~';
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, worker));

  const { user, system } = process.cpuUsage(cpu);
  return {
    ...{ calls: latencies.length, failures: 0, firstFailure: '' },
    ms: performance.now() - start,
    latencies: Float64Array.from(latencies).sort(),
    cpuMicros: user + system,
  };
});

function poolOf({ databaseUrl, concurrency }: PagesOrder): pg.Pool {
  const known = pools.get(databaseUrl);
  if (known) return known;
  const options = '-c search_path=lifecycle';
  const pool = new pg.Pool({ connectionString: databaseUrl, max: concurrency, options });
  pools.set(databaseUrl, pool);
  return pool;
}

const PAGE = `
  select c.*, to_jsonb(e) as execution
  from clone c left join execution e on e.clone_id = c.id and e.epoch = c.epoch
  where c.owner_id = $1 and c.id < $2
  order by c.id desc
  limit $3`;

interface Row {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly owner_id: string;
  readonly creator_id: string;
  readonly bot_id: string;
  readonly team_id: string;
  readonly key_id: string;
  readonly release: {
    readonly number: number;
    readonly tag: string;
    readonly parameters: Clone['parameters'];
  };
  readonly labels: Clone['labels'];
  readonly desired: string;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  readonly phase_at: Date;
  readonly deadline_at: Date | null;
  readonly epoch: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
  readonly seq: number;
  readonly execution: {
    readonly id: string;
    readonly clone_id: string;
    readonly created_at: string;
    readonly started_at: string | null;
    readonly ended_at: string | null;
    readonly outcome: {
      readonly reason: string;
      readonly message: string;
      readonly signal: string;
    } | null;
  };
}

/** What the answer of lifecycle has, as plainly as one would write it. */
function toMessage(row: Row): Clone {
  const { execution } = row;
  const { outcome } = execution;
  return Clone.fromPartial({
    id: row.id,
    name: row.name,
    kind: row.kind === 'BOT' ? CloneKind.BOT : CloneKind.WORKFLOW,
    owner: { owner: { $case: 'userId', value: row.owner_id } },
    creatorId: row.creator_id,
    botId: row.bot_id,
    teamId: row.team_id,
    keyId: row.key_id,
    parameters: row.release.parameters,
    limits: {},
    release: row.release,
    labels: row.labels,
    desired: row.desired === 'RUNNING' ? CloneDesired.RUNNING : CloneDesired.STOPPED,
    phase: row.phase === 'RUNNING' ? ClonePhase.RUNNING : ClonePhase.STOPPED,
    reason: row.reason,
    message: row.message,
    phaseTime: row.phase_at,
    deadlineTime: row.deadline_at ?? undefined,
    epoch: row.epoch,
    execution: {
      id: execution.id,
      cloneId: execution.clone_id,
      epoch: row.epoch,
      createTime: new Date(execution.created_at),
      startTime: execution.started_at === null ? undefined : new Date(execution.started_at),
      endTime: execution.ended_at === null ? undefined : new Date(execution.ended_at),
      outcome: outcome ? { ...outcome, kind: OutcomeKind.SUCCEEDED } : undefined,
    },
    createTime: row.created_at,
    updateTime: row.updated_at,
    deleteTime: row.deleted_at ?? undefined,
    etag: String(row.seq),
    seq: row.seq,
  });
}
