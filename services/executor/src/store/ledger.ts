import { appendHistory, type Head, type NewHistory, nextLink, type Tx } from '@ramet/database';
import type { Workload } from '../domain/workload.js';
import { workloadEvent } from '../events.js';
import { INSERT, INSERT_WORK } from './statements.js';
import { type Stored, toColumns } from './workload-row.js';

/** A change that is about to be written. */
export interface Recorded extends NewHistory {
  readonly workload: Workload;
}

/** A change with its entry in the history, which follows the one before. */
export function record({ head }: Stored, workload: Workload, actor: string): Recorded {
  const { kind, payload } = workloadEvent(workload, head.seq === 0);
  const aggregate = workload.executionId;
  const next: Head = nextLink(head, aggregate, payload);
  return { aggregate, kind, actor, payload, prev: head, next, workload };
}

/** Writes new workloads: their rows, their work and their history. */
export async function insertRecorded(tx: Tx, recorded: readonly Recorded[]): Promise<void> {
  if (recorded.length === 0) return;
  await tx.query(INSERT, [...toColumns(recorded.map(storedOf))]);
  await tx.query(INSERT_WORK, [
    recorded.map(({ aggregate }) => aggregate),
    recorded.map(({ workload }) => workload.hostId),
    recorded.map(({ workload }) => workload.state === 'pending'),
  ]);
  await appendHistory(tx, recorded);
}

function storedOf({ workload, next }: Recorded): Stored {
  return { workload, head: next };
}
