import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  CloneDirectoryServiceService,
  CloneServiceService,
  ExecutionReportServiceService,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Implemented, implement } from '@ramet/rpc';
import type { Deps } from './deps.js';
import { checkEpoch } from './handlers/check-epoch.js';
import { completeCloneExecution } from './handlers/complete-clone-execution.js';
import { createClone } from './handlers/create-clone.js';
import { deleteClone } from './handlers/delete-clone.js';
import { getClone } from './handlers/get-clone.js';
import { getCloneExecutionInformation } from './handlers/get-clone-execution-information.js';
import { getCloneTeamAndBot } from './handlers/get-clone-team-and-bot.js';
import { getQuota } from './handlers/get-quota.js';
import { listCloneHistory } from './handlers/list-clone-history.js';
import { listClones } from './handlers/list-clones.js';
import { readHistory } from './handlers/read-history.js';
import { stopClone } from './handlers/stop-clone.js';
import { streamCloneLogs } from './handlers/stream-clone-logs.js';
import { updateExecution } from './handlers/update-execution.js';
import { waitClone } from './handlers/wait-clone.js';
import { watchClones } from './handlers/watch-clones.js';
import { webhookApi } from './handlers/webhook-api.js';

/** Everything that the service serves. */
export function lifecycleApi(deps: Deps): readonly Implemented[] {
  return [
    implement(CloneServiceService, {
      createClone: createClone(deps),
      getClone: getClone(deps),
      listClones: listClones(deps),
      watchClones: watchClones(deps),
      waitClone: waitClone(deps),
      stopClone: stopClone(deps),
      deleteClone: deleteClone(deps),
      getCloneExecutionInformation: getCloneExecutionInformation(deps),
      listCloneHistory: listCloneHistory(deps),
      streamCloneLogs: streamCloneLogs(deps),
      getQuota: getQuota(deps),
    }),
    webhookApi(deps),
    implement(ExecutionReportServiceService, {
      updateExecution: updateExecution(deps),
      completeCloneExecution: completeCloneExecution(deps),
    }),
    implement(CloneDirectoryServiceService, {
      getCloneTeamAndBot: getCloneTeamAndBot(deps),
      checkEpoch: checkEpoch(deps),
    }),
    implement(HistoryServiceService, { readHistory: readHistory(deps) }),
  ];
}
