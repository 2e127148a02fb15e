import {
  ExitKind,
  type Storage as StorageMessage,
  StorageState,
  type Workload as WorkloadMessage,
  WorkloadState,
} from '@ramet/proto-gen/executor.v1';
import {
  type Limits,
  type LogLine as LogLineMessage,
  LogStream,
} from '@ramet/proto-gen/lifecycle.v1';
import type { LogLine } from './domain/log-line.js';
import type { WorkloadExit } from './domain/observation.js';
import type { Storage } from './domain/storage.js';
import type { Workload, WorkloadLimits } from './domain/workload.js';

const STATES = {
  pending: WorkloadState.PENDING,
  running: WorkloadState.RUNNING,
  stopping: WorkloadState.STOPPING,
  exited: WorkloadState.EXITED,
  removing: WorkloadState.REMOVING,
  removed: WorkloadState.REMOVED,
} as const satisfies Record<Workload['state'], WorkloadState>;

const STORAGE_STATES = {
  present: StorageState.PRESENT,
  removing: StorageState.REMOVING,
  removed: StorageState.REMOVED,
} as const satisfies Record<Storage['state'], StorageState>;

const STREAMS = {
  stdout: LogStream.STDOUT,
  stderr: LogStream.STDERR,
} as const satisfies Record<LogLine['stream'], LogStream>;

const DEFAULTS = {
  timeLimitMs: 24 * 60 * 60_000,
  memoryBytes: 512 * 1024 * 1024,
  graceMs: 10_000,
  cpuMillis: 1_000,
  storageBytes: 1024 * 1024 * 1024,
} as const;

/** The message of a workload. */
export function toWorkloadMessage(workload: Workload): WorkloadMessage {
  const { executionId, cloneId, epoch, name, runtime, hostId, exit } = workload;
  return {
    ...{ executionId, cloneId, epoch, name, runtime, hostId },
    state: STATES[workload.state],
    exit: exit && toExitMessage(exit),
    createTime: workload.createdAt,
    startTime: workload.startedAt,
    endTime: workload.endedAt,
  };
}

/** The message of a storage. */
export function toStorageMessage(storage: Storage): StorageMessage {
  const { cloneId, hostId, freshEpoch, createdAt, removedAt } = storage;
  const state = STORAGE_STATES[storage.state];
  return { cloneId, hostId, state, freshEpoch, createTime: createdAt, removeTime: removedAt };
}

/** What a workload may use, with the defaults for what was not said. */
export function fromLimitsMessage(limits: Limits | undefined, endless: boolean): WorkloadLimits {
  const or = (value: bigint | undefined, byDefault: number) => Number(value ?? 0n) || byDefault;
  const timeLimitMs = toMs(limits?.runTime) ?? (endless ? undefined : DEFAULTS.timeLimitMs);
  return {
    ...(timeLimitMs !== undefined && { timeLimitMs }),
    memoryBytes: or(limits?.memoryBytes, DEFAULTS.memoryBytes),
    graceMs: toMs(limits?.grace) ?? DEFAULTS.graceMs,
    cpuMillis: or(limits?.cpuMillis, DEFAULTS.cpuMillis),
    storageBytes: or(limits?.storageBytes, DEFAULTS.storageBytes),
  };
}

/** The message of a line that was printed. */
export function toLogLineMessage({ number, stream, time, text }: LogLine): LogLineMessage {
  return { number: BigInt(number), stream: STREAMS[stream], time, text };
}

function toExitMessage({ kind, exitCode, signal, message, report }: WorkloadExit) {
  const texts = { signal: signal ?? '', message: message ?? '' };
  return { kind: ExitKind[kind], exitCode, ...texts, report };
}

function toMs(duration: Limits['runTime']): number | undefined {
  return duration && Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000;
}
