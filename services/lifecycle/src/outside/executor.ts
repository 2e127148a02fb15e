import {
  type CreateExecutionRequest,
  type ExecutionServiceService,
  ExitKind,
  StorageChanged,
  WorkloadChanged,
  type WorkloadExit,
  type Workload as WorkloadMessage,
  WorkloadState,
} from '@ramet/proto-gen/executor.v1';
import type { HistoryEntry, HistoryServiceService } from '@ramet/proto-gen/history.v1';
import type { Remote } from '@ramet/rpc';
import type { Executor, ExecutorNews, WorkloadWish } from '../deps.js';
import type { Exit, Workload } from '../domain/outcome.js';
import { fromReportMessage } from '../messages.js';
import { toInputMessage, toOverrideMessage } from '../override-messages.js';
import { toLimitsMessage, toStageMessage } from '../spec-messages.js';
import { answerOf, isMissing, unlessMissing } from './refusal.js';

type ExecutionClient = Remote<typeof ExecutionServiceService>;
type HistoryClient = Remote<typeof HistoryServiceService>;

const PAGE = 500;

const STATE = {
  [WorkloadState.UNSPECIFIED]: 'PENDING',
  [WorkloadState.PENDING]: 'PENDING',
  [WorkloadState.RUNNING]: 'RUNNING',
  [WorkloadState.STOPPING]: 'STOPPING',
  [WorkloadState.EXITED]: 'EXITED',
  [WorkloadState.REMOVING]: 'REMOVING',
  [WorkloadState.REMOVED]: 'REMOVED',
} as const satisfies Record<WorkloadState, Workload['state']>;

const EXIT = {
  [ExitKind.UNSPECIFIED]: 'LOST',
  [ExitKind.EXITED]: 'EXITED',
  [ExitKind.SIGNALED]: 'SIGNALED',
  [ExitKind.STOPPED]: 'STOPPED',
  [ExitKind.OUT_OF_MEMORY]: 'OUT_OF_MEMORY',
  [ExitKind.TIMED_OUT]: 'TIMED_OUT',
  [ExitKind.INTERRUPTED]: 'INTERRUPTED',
  [ExitKind.START_FAILED]: 'START_FAILED',
  [ExitKind.LOST]: 'LOST',
  [ExitKind.DISK_FULL]: 'DISK_FULL',
} as const satisfies Record<ExitKind, Exit['kind']>;

/** The executor, as lifecycle knows it. */
export function executorOver(executions: ExecutionClient, history: HistoryClient): Executor {
  return {
    async create(wish, signal) {
      const created = executions.createExecution(toRequest(wish), { signal });
      return answerOf(created.then(({ workload }) => required(workload)));
    },
    async stop({ executionId, epoch }, signal) {
      const stopped = executions.stopExecution({ executionId, epoch }, { signal });
      return unlessMissing(
        stopped.then(({ workload }) => toWorkload(workload)),
        'none',
      );
    },
    async remove(execution, signal) {
      const removed = executions.deleteExecution(execution, { signal });
      return unlessMissing(
        removed.then(({ workload }) => toWorkload(workload)),
        'none',
      );
    },
    async removeStorage(cloneId, signal) {
      const { gone } = await executions.deleteStorage({ cloneId }, { signal });
      return gone;
    },
    async find({ executionId, epoch }, signal) {
      const found = executions.getExecution({ executionId, epoch }, { signal });
      return unlessMissing(
        found.then(({ workload }) => toWorkload(workload)),
        'none',
      );
    },
    async *streamLogs({ executionId, epoch, follow, tailLines }, signal) {
      const asked = { executionId, epoch, follow, tailLines };
      try {
        for await (const { lines } of executions.streamLogs(asked, { signal })) yield lines;
      } catch (thrown) {
        // What was never made has printed nothing.
        if (!isMissing(thrown)) throw thrown;
      }
    },
    async readHistory(after, signal) {
      const { entries } = await history.readHistory({ after, pageSize: PAGE }, { signal });
      return entries.map(toNews);
    },
  };
}

function toRequest({ stage, isEndless, isFresh, ...wish }: WorkloadWish): CreateExecutionRequest {
  const { work, ports, probe } = toStageMessage(stage);
  return {
    ...wish,
    source: work?.$case === 'source' ? work.value : undefined,
    fetchInputs: work?.$case === 'fetchInputs',
    limits: toLimitsMessage(wish.limits),
    stage: stage.name,
    inputs: wish.inputs.map(toInputMessage),
    overrides: wish.overrides.filter(({ digest }) => digest === '').map(toOverrideMessage),
    hasSecrets: hasSecrets(wish),
    ports,
    probe,
    freshStorage: isFresh,
    keepResults: true,
    endless: isEndless,
  };
}

/** Whether there is anything that only the workload may know. */
function hasSecrets({ overrides, inputs }: Pick<WorkloadWish, 'overrides' | 'inputs'>): boolean {
  const isUrl = inputs.some(({ source }) => source.kind === 'url');
  return isUrl || overrides.some(({ digest }) => digest !== '');
}

function toNews({ position, payload, kind }: HistoryEntry): ExecutorNews {
  if (kind === 'storage.removed') {
    const { storage } = StorageChanged.decode(payload);
    return { position, cloneId: storage?.cloneId ?? '', state: 'REMOVED' };
  }
  const isWorkload = kind.startsWith('workload.');
  const workload = isWorkload ? WorkloadChanged.decode(payload).workload : undefined;
  return { position, cloneId: workload?.cloneId ?? '', state: workload && STATE[workload.state] };
}

function required(message: WorkloadMessage | undefined): Workload {
  const workload = toWorkload(message);
  if (workload === 'none') throw new Error('the executor answered without a workload');
  return workload;
}

function toWorkload(message: WorkloadMessage | undefined): Workload | 'none' {
  if (!message) return 'none';
  const { state, exit, startTime, endTime } = message;
  return {
    state: STATE[state],
    ...(exit && { exit: toExit(exit) }),
    ...(startTime && { startedAt: startTime }),
    ...(endTime && { endedAt: endTime }),
  };
}

function toExit({ kind, exitCode, signal, message, report }: WorkloadExit): Exit {
  return {
    ...{ kind: EXIT[kind], signal, message },
    ...(exitCode !== undefined && { exitCode }),
    ...(report && { report: fromReportMessage(report) }),
  };
}
