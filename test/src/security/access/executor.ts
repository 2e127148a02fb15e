import { systemIds } from '@ramet/service';
import { always, but, DENIED, type Row } from './row.js';

const EXECUTION = 'EXECUTION_NOT_FOUND';
const FOR_ALL = ['ok', 'ok', 'ok'] as const;

/** Who may do what at the executor: lifecycle, and administrators may look. */
export const EXECUTOR: readonly Row[] = [
  {
    // What exists already is given back; what does not would end at once.
    rpc: 'ramet.executor.v1.ExecutionService/CreateExecution',
    request: ({ executionId, cloneId }) => ({
      executionId,
      cloneId,
      epoch: 1,
      source: { process: { bundle: 'hostile', command: ['true'] } },
    }),
    machines: { lifecycle: FOR_ALL },
  },
  {
    rpc: 'ramet.executor.v1.ExecutionService/StopExecution',
    request: (_, { missing }) => ({ executionId: missing.executionId, epoch: 7 }),
    machines: { lifecycle: [EXECUTION, EXECUTION, EXECUTION] },
  },
  {
    rpc: 'ramet.executor.v1.ExecutionService/DeleteExecution',
    request: (_, { missing: { executionId, cloneId } }) => ({ executionId, cloneId, epoch: 1 }),
    machines: { lifecycle: FOR_ALL },
  },
  {
    rpc: 'ramet.executor.v1.ExecutionService/GetExecution',
    request: ({ executionId }) => ({ executionId, epoch: 1 }),
    machines: { lifecycle: FOR_ALL },
  },
  {
    rpc: 'ramet.executor.v1.ExecutionService/ListExecutions',
    request: ({ cloneId }) => ({ cloneId }),
    people: always(but(DENIED, 'ok')),
    machines: { lifecycle: FOR_ALL },
  },
  {
    // What was never there is gone. The missing one may have a workload by now, from above.
    rpc: 'ramet.executor.v1.ExecutionService/DeleteStorage',
    request: () => ({ cloneId: systemIds.make('cln') }),
    machines: { lifecycle: FOR_ALL },
  },
  {
    rpc: 'ramet.executor.v1.ExecutionService/StreamLogs',
    request: ({ executionId }) => ({ executionId, epoch: 1 }),
    machines: { lifecycle: FOR_ALL },
  },
];
