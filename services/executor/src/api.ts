import { ExecutionServiceService } from '@ramet/proto-gen/executor.v1';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { type Implemented, implement } from '@ramet/rpc';
import type { Deps } from './deps.js';
import { createExecution } from './handlers/create-execution.js';
import { deleteExecution } from './handlers/delete-execution.js';
import { deleteStorage } from './handlers/delete-storage.js';
import { getExecution } from './handlers/get-execution.js';
import { listExecutions } from './handlers/list-executions.js';
import { readHistory } from './handlers/read-history.js';
import { stopExecution } from './handlers/stop-execution.js';
import { streamLogs } from './handlers/stream-logs.js';

/** Everything that this service serves. */
export function executorApi(deps: Deps): readonly Implemented[] {
  return [
    implement(ExecutionServiceService, {
      createExecution: createExecution(deps),
      stopExecution: stopExecution(deps),
      deleteExecution: deleteExecution(deps),
      getExecution: getExecution(deps),
      listExecutions: listExecutions(deps),
      deleteStorage: deleteStorage(deps),
      streamLogs: streamLogs(deps),
    }),
    implement(HistoryServiceService, { readHistory: readHistory(deps) }),
  ];
}
