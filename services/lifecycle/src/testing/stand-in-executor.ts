import type { Bus } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import {
  type CreateExecutionRequest,
  ExecutionServiceService,
  ExitKind,
  type Workload,
  WorkloadChanged,
  type WorkloadExit,
  WorkloadState,
} from '@ramet/proto-gen/executor.v1';
import { type HistoryEntry, HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { type CallMetadata, implement, serve } from '@ramet/rpc';
import { systemClock } from '@ramet/service';

/** A server on a real socket that keeps workloads as the executor does, and runs none. */
export interface StandInExecutor extends AsyncDisposable {
  readonly address: string;
  readonly workloads: ReadonlyMap<string, Workload>;
  /** The calls it got, such as `CreateExecution exe_...`. */
  readonly calls: readonly string[];
  /** What was asked for with each workload that was made. */
  readonly requests: ReadonlyMap<string, CreateExecutionRequest>;
  /** A workload begins to run, as seen by its executor. */
  run(executionId: string): void;
  /** A workload ends. */
  exit(executionId: string, exit: Partial<WorkloadExit>): void;
  /** Makes calls of a method fail until `heal`. */
  ail(method: string, error: PublicError): void;
  heal(): void;
  /** Whether asked-for ends and removals happen at once. */
  isPrompt: boolean;
  /** Whether workloads run as soon as they are made. */
  isSwift: boolean;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Starts the server on a free port. */
export async function startStandInExecutor(bus: Bus): Promise<StandInExecutor> {
  const state = new Workloads(bus);
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    contract: loadContract(),
    logger: SILENT,
    authenticate: (_: CallMetadata) => {
      return { kind: 'service', id: 'lifecycle', admin: false, tokenId: '' } as const;
    },
    services: [
      implement(ExecutionServiceService, {
        createExecution: async (request) =>
          state.answer('CreateExecution', request.executionId, () => state.create(request)),
        stopExecution: async ({ executionId }) =>
          state.answer('StopExecution', executionId, () => state.stop(executionId)),
        deleteExecution: async ({ executionId, cloneId, epoch }) =>
          state.answer('DeleteExecution', executionId, () =>
            state.remove(executionId, cloneId, epoch),
          ),
        getExecution: async ({ executionId }) =>
          state.answer('GetExecution', executionId, () => state.get(executionId)),
        deleteStorage: async ({ cloneId }) => {
          state.answer('DeleteStorage', cloneId, () => fresh('', cloneId, 0));
          return { gone: true };
        },
        listExecutions: async () => ({ workloads: [...state.all.values()], nextPageToken: '' }),
        async *streamLogs({ executionId }) {
          if (!state.get(executionId).startTime) return;
          const text = Buffer.from(`the log of ${executionId}`);
          yield { lines: [{ number: 1n, stream: 1, time: systemClock.now(), text }] };
        },
      }),
      implement(HistoryServiceService, {
        readHistory: async ({ after }) => ({ entries: state.history.slice(Number(after)) }),
      }),
    ],
  });
  return Object.assign(state, {
    address: server.address,
    workloads: state.all,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}

class Workloads {
  readonly all = new Map<string, Workload>();
  readonly calls: string[] = [];
  readonly requests = new Map<string, CreateExecutionRequest>();
  readonly history: HistoryEntry[] = [];
  readonly #ailments = new Map<string, PublicError>();
  readonly #bus: Bus;
  isPrompt = true;
  isSwift = false;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  answer(method: string, executionId: string, make: () => Workload): { workload: Workload } {
    this.calls.push(`${method} ${executionId}`);
    const ailment = this.#ailments.get(method);
    if (ailment) throw ailment;
    return { workload: make() };
  }

  ail(method: string, error: PublicError): void {
    this.#ailments.set(method, error);
  }

  heal(): void {
    this.#ailments.clear();
  }

  create(request: CreateExecutionRequest): Workload {
    const { executionId, cloneId, epoch } = request;
    const known = this.all.get(executionId);
    if (known) return known;
    this.requests.set(executionId, request);
    const made = this.#put(fresh(executionId, cloneId, epoch));
    if (this.isSwift) this.run(executionId);
    return this.isSwift ? this.get(executionId) : made;
  }

  run(executionId: string): void {
    const startTime = systemClock.now();
    this.#put({ ...this.get(executionId), state: WorkloadState.RUNNING, startTime });
  }

  exit(executionId: string, exit: Partial<WorkloadExit>): void {
    const all = { kind: ExitKind.EXITED, signal: '', message: '', report: undefined, ...exit };
    const endTime = systemClock.now();
    this.#put({ ...this.get(executionId), state: WorkloadState.EXITED, exit: all, endTime });
  }

  stop(executionId: string): Workload {
    const workload = this.get(executionId);
    if (workload.state >= WorkloadState.EXITED) return workload;
    this.#put({ ...workload, state: WorkloadState.STOPPING });
    if (this.isPrompt) this.exit(executionId, { kind: ExitKind.STOPPED, signal: 'SIGTERM' });
    return this.get(executionId);
  }

  remove(executionId: string, cloneId: string, epoch: number): Workload {
    const known = this.all.get(executionId) ?? fresh(executionId, cloneId, epoch);
    const state = this.isPrompt ? WorkloadState.REMOVED : WorkloadState.REMOVING;
    const isOver = known.state >= WorkloadState.EXITED || known.startTime === undefined;
    const exit = { kind: ExitKind.STOPPED, signal: 'SIGKILL', message: '', report: undefined };
    return this.#put({ ...known, state, ...(!isOver && { exit }) });
  }

  get(executionId: string): Workload {
    const workload = this.all.get(executionId);
    if (workload) return workload;
    throw new PublicError('not_found', 'EXECUTION_NOT_FOUND', `no such execution: ${executionId}`);
  }

  #put(workload: Workload): Workload {
    this.all.set(workload.executionId, workload);
    const nothing = Buffer.alloc(0);
    this.history.push({
      position: BigInt(this.history.length + 1),
      aggregateId: workload.executionId,
      seq: 1,
      kind: 'workload.changed',
      actor: 'service:executor',
      cause: '',
      payload: Buffer.from(WorkloadChanged.encode({ workload }).finish()),
      prevHash: nothing,
      hash: nothing,
      at: systemClock.now(),
    });
    this.#bus.signal(`ramet.executor.workload.${workload.executionId}.changed`);
    return workload;
  }
}

function fresh(executionId: string, cloneId: string, epoch: number): Workload {
  return {
    executionId,
    cloneId,
    epoch,
    name: `${executionId}-e${epoch}`,
    runtime: 'stand-in',
    hostId: '',
    state: WorkloadState.PENDING,
    exit: undefined,
    createTime: systemClock.now(),
    startTime: undefined,
    endTime: undefined,
  };
}
