import { type BatchObservableCallback, metrics } from '@opentelemetry/api';
import type { Clock } from '@ramet/service';
import { PHASES } from './domain/phases.js';
import type { CloneReads } from './store/clone-reads.js';
import type { Work } from './store/work.js';

interface Observed {
  readonly reads: CloneReads;
  readonly work: Work;
  readonly clock: Clock;
}

/** What measures the passes of the reconciler. */
export interface PassMeter {
  observe(pass: { readonly ms: number; readonly error?: unknown }): void;
}

/** Counting all clones is not free: readers within this time share a count. */
const KEEP_MS = 15_000;

/** Offers the state of the service to whoever reads its metrics. Labels are few. */
export function observeService({ reads, work, clock }: Observed): () => void {
  const meter = metrics.getMeter('lifecycle');
  const clones = meter.createObservableGauge('lifecycle_clones', {
    description: 'clones that are not deleted, by phase',
  });
  const due = meter.createObservableGauge('lifecycle_work_due', {
    description: 'clones that are due to be reconciled',
  });
  const late = meter.createObservableGauge('lifecycle_work_late', {
    description: 'how long the oldest due clone has been waiting',
    unit: 's',
  });
  const unpublished = meter.createObservableGauge('lifecycle_outbox_lag', {
    description: 'changes that are not published yet',
  });
  const taken = meter.createObservableGauge('lifecycle_consumer_position', {
    description: 'how far the history of another service has been taken in',
  });
  const counted = keptFor(KEEP_MS, clock, () => reads.countByPhase());
  const waiting = keptFor(KEEP_MS, clock, () => work.backlog());

  const observe: BatchObservableCallback = async (result) => {
    const [counts, backlog] = await Promise.all([counted(), waiting()]);
    for (const phase of PHASES) result.observe(clones, counts.get(phase) ?? 0, { phase });
    result.observe(due, backlog.due);
    result.observe(late, backlog.lateSeconds);
    result.observe(unpublished, backlog.unpublished);
    result.observe(taken, backlog.executorPosition, { producer: 'executor' });
  };
  const gauges = [clones, due, late, unpublished, taken];
  meter.addBatchObservableCallback(observe, gauges);
  return () => meter.removeBatchObservableCallback(observe, gauges);
}

/** Measures how long passes take and how many fail. */
export function createPassMeter(): PassMeter {
  const meter = metrics.getMeter('lifecycle');
  const durations = meter.createHistogram('lifecycle_reconcile_duration', { unit: 'ms' });
  const failures = meter.createCounter('lifecycle_reconcile_failures');
  return {
    observe({ ms, error }) {
      durations.record(ms);
      if (error !== undefined) failures.add(1);
    },
  };
}

function keptFor<Value>(
  ms: number,
  clock: Clock,
  read: () => Promise<Value>,
): () => Promise<Value> {
  let kept: { readonly at: number; readonly value: Promise<Value> } | undefined;
  return () => {
    if (kept && clock.elapsed() - kept.at < ms) return kept.value;
    const value = read();
    kept = { at: clock.elapsed(), value };
    value.catch(() => {
      kept = undefined;
    });
    return value;
  };
}
