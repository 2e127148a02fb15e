import {
  createBatcher,
  type Database,
  decodePageToken,
  encodePageToken,
  pageSize,
} from '@ramet/database';
import type { Execution } from '../domain/clone.js';
import { epochStale } from '../domain/epoch.js';
import { LIVE_PHASES } from '../domain/phases.js';
import type { Progress, RunnerNews, RunnerReport } from '../domain/progress.js';
import type { WatchedFacts } from '../domain/watch-filter.js';
import type { Page, PageWish } from './clone-list.js';
import { type ExecutionRow, toExecution } from './clone-row.js';

/** What a runner reported of late, and whose clone it runs. */
export interface RecentProgress extends RunnerNews {
  readonly clone: WatchedFacts;
  readonly progress: Progress;
}

interface Taken {
  readonly verdict: 'TAKEN' | 'STALE';
  readonly stop_requested: boolean;
}

interface ProgressRow {
  readonly execution_id: string;
  readonly clone_id: string;
  readonly owner_id: string;
  readonly heartbeat_at: Date;
  readonly progress: StoredProgress | null;
  readonly reported_at: Date | null;
}

interface RecentRow extends ProgressRow {
  readonly clone: Omit<WatchedFacts, 'id' | 'ownerId'>;
}

type StoredProgress = Omit<Progress, 'reportedAt' | 'sequence'> & { readonly sequence: string };

/** What runners report of executions: claims, heartbeats and progress. Not part of the history. */
export class Runners {
  readonly #db: Database;
  readonly #take: (report: RunnerReport) => Promise<Taken>;

  constructor(db: Database) {
    this.#db = db;
    this.#take = createBatcher({ run: (reports) => this.#takeAll(reports), inFlight: 1 });
  }

  /**
   * Takes a report. Returns whether the workload is asked to end.
   *
   * Throws EPOCH_STALE if the execution was superseded, is over or is another runner's.
   */
  async take(report: RunnerReport): Promise<boolean> {
    const { verdict, stop_requested: isStopRequested } = await this.#take(report);
    if (verdict === 'STALE') throw epochStale(report.executionId, report.epoch);
    return isStopRequested;
  }

  /** Many reports at once; those of one execution one after the other. */
  async #takeAll(reports: readonly RunnerReport[]): Promise<readonly Taken[]> {
    const taken = new Map<RunnerReport, Taken>();
    let left = reports;
    while (left.length > 0) {
      const round = firstOfEach(left);
      const rows = await this.#db.query<Taken>(TAKE, paramsOf(round));
      for (const [n, report] of round.entries()) taken.set(report, rows[n] ?? STALE);
      left = left.filter((report) => !taken.has(report));
    }
    return reports.map((report) => taken.get(report) ?? STALE);
  }

  /** The owner of an execution that is the current one of its clone and not over. */
  async ownerOfLive(
    cloneId: string,
    executionId: string,
    epoch: number,
  ): Promise<string | undefined> {
    const sql = `
      select c.owner_id as "ownerId"
      from execution e
      join clone c on c.id = e.clone_id and c.epoch = e.epoch
      where e.id = $2 and e.epoch = $3 and c.id = $1 and e.outcome is null
        and c.phase = any ($4)`;
    const params = [cloneId, executionId, epoch, LIVE_PHASES];
    const [row] = await this.#db.query<{ ownerId: string }>(sql, params);
    return row?.ownerId;
  }

  /** The executions of a clone, oldest first. */
  async listExecutions(cloneId: string): Promise<readonly Execution[]> {
    const sql = `
      select to_jsonb(e) as execution from execution e where e.clone_id = $1 order by e.epoch`;
    const rows = await this.#db.query<{ execution: ExecutionRow }>(sql, [cloneId]);
    return rows.map(({ execution }) => toExecution(execution));
  }

  /** A page of the executions of a clone, newest first. */
  async pageOfExecutions(cloneId: string, page: PageWish): Promise<Page<Execution>> {
    const binding = ['executions', ...page.binding];
    const before = decodePageToken(page.token, binding)?.[0] ?? null;
    const limit = pageSize(page.size);
    const sql = `
      select to_jsonb(e) as execution from execution e
      where e.clone_id = $1 and ($2::integer is null or e.epoch < $2)
      order by e.epoch desc limit $3`;
    const params = [cloneId, before, limit + 1];
    const rows = await this.#db.query<{ execution: ExecutionRow }>(sql, params);
    const items = rows.slice(0, limit).map(({ execution }) => toExecution(execution));
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextToken: last ? encodePageToken([String(last.epoch)], binding) : '' };
  }

  /** What the runner of an execution has said last, if anything. */
  async findNews(executionId: string): Promise<RunnerNews | undefined> {
    const sql = 'select p.* from execution_progress p where p.execution_id = $1';
    const [row] = await this.#db.query<ProgressRow>(sql, [executionId]);
    return row && toNews(row);
  }

  /** What was reported in the last while, oldest first. */
  async listRecent(sinceMs: number): Promise<readonly RecentProgress[]> {
    const rows = await this.#db.query<RecentRow>(RECENT, [sinceMs]);
    return rows.flatMap((row) => {
      const { progress, ...news } = toNews(row);
      const clone = { ...row.clone, id: row.clone_id, ownerId: row.owner_id };
      return progress ? [{ ...news, clone, progress }] : [];
    });
  }
}

const STALE: Taken = { verdict: 'STALE', stop_requested: true };

const TAKE = `
  select * from take_reports($1, $2, $3, $4, $5::numeric[], $6::jsonb[], $7::jsonb[], $8::jsonb[], $9)`;

const RECENT = `
  select p.*, jsonb_build_object('teamId', c.team_id, 'kind', c.kind, 'phase', c.phase,
                                 'labels', c.labels) as clone
  from execution_progress p
  join clone c on c.id = p.clone_id
  where p.reported_at > ramet_now() - $1 * interval '1 millisecond'
  order by p.reported_at
  limit 10000`;

function firstOfEach(reports: readonly RunnerReport[]): readonly RunnerReport[] {
  const first = new Map<string, RunnerReport>();
  for (const report of reports) {
    if (!first.has(report.executionId)) first.set(report.executionId, report);
  }
  return [...first.values()];
}

function paramsOf(reports: readonly RunnerReport[]): readonly unknown[] {
  return [
    reports.map(({ executionId }) => executionId),
    reports.map(({ epoch }) => epoch),
    reports.map(({ instance }) => instance),
    reports.map(({ isClaim }) => isClaim),
    reports.map(({ progress }) => progress?.sequence.toString() ?? null),
    reports.map(({ progress }) => progress && toJson(progress)),
    reports.map(({ health }) => health && JSON.stringify(health)),
    reports.map(({ endpoints }) => endpoints && JSON.stringify(endpoints)),
    LIVE_PHASES,
  ];
}

function toJson(progress: Omit<Progress, 'reportedAt'>): string {
  return JSON.stringify({ ...progress, sequence: progress.sequence.toString() });
}

function toNews(row: ProgressRow): RunnerNews {
  const { progress, reported_at: reportedAt } = row;
  return {
    executionId: row.execution_id,
    heartbeatAt: row.heartbeat_at,
    ...(progress &&
      reportedAt && {
        progress: { ...progress, sequence: BigInt(progress.sequence), reportedAt },
      }),
  };
}
