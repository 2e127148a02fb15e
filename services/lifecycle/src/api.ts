import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  ActionServiceService,
  CloneAdminServiceService,
  CloneDirectoryServiceService,
  CloneServiceService,
  ExecutionReportServiceService,
  OverrideServiceService,
  ResultServiceService,
  TemplateServiceService,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Implemented, implement } from '@ramet/rpc';
import type { Deps } from './deps.js';
import { checkQuotas } from './handlers/admin/check-quotas.js';
import { forceDeleteClone } from './handlers/admin/force-delete-clone.js';
import { reassignClone } from './handlers/admin/reassign-clone.js';
import { rotateCloneSecrets } from './handlers/admin/rotate-clone-secrets.js';
import { setCloneExpiry } from './handlers/admin/set-clone-expiry.js';
import { setCloneTraits } from './handlers/admin/set-clone-traits.js';
import { setQuota } from './handlers/admin/set-quota.js';
import { archiveClone } from './handlers/archive-clone.js';
import { deleteClones, stopClones } from './handlers/change-clones.js';
import { checkEpoch } from './handlers/check-epoch.js';
import { completeCloneExecution } from './handlers/complete-clone-execution.js';
import { createClone } from './handlers/create-clone.js';
import { createTemplate } from './handlers/create-template.js';
import { deleteClone } from './handlers/delete-clone.js';
import { deleteTemplate } from './handlers/delete-template.js';
import { diffClone } from './handlers/diff-clone.js';
import { explainClone } from './handlers/explain-clone.js';
import { extendClone } from './handlers/extend-clone.js';
import { fetchInput } from './handlers/fetch-input.js';
import { getActionLog } from './handlers/get-action-log.js';
import { getClone } from './handlers/get-clone.js';
import { getCloneExecutionInformation } from './handlers/get-clone-execution-information.js';
import { getCloneTeamAndBot } from './handlers/get-clone-team-and-bot.js';
import { getExecutionSecrets } from './handlers/get-execution-secrets.js';
import { getOwnerOverrides } from './handlers/get-owner-overrides.js';
import { getQuota } from './handlers/get-quota.js';
import { getResult } from './handlers/get-result.js';
import { getTemplate } from './handlers/get-template.js';
import { listActions } from './handlers/list-actions.js';
import { listCloneExecutions } from './handlers/list-clone-executions.js';
import { listCloneHistory } from './handlers/list-clone-history.js';
import { listClones } from './handlers/list-clones.js';
import { listResults } from './handlers/list-results.js';
import { listTemplates } from './handlers/list-templates.js';
import { readHistory } from './handlers/read-history.js';
import { restartClone } from './handlers/restart-clone.js';
import { restoreClone } from './handlers/restore-clone.js';
import { resumeClone } from './handlers/resume-clone.js';
import { stopClone } from './handlers/stop-clone.js';
import { streamCloneLogs } from './handlers/stream-clone-logs.js';
import { suspendClone } from './handlers/suspend-clone.js';
import { updateClone } from './handlers/update-clone.js';
import { updateExecution } from './handlers/update-execution.js';
import { updateOwnerOverrides } from './handlers/update-owner-overrides.js';
import { updateTemplate } from './handlers/update-template.js';
import { uploadResult } from './handlers/upload-result.js';
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
      updateClone: updateClone(deps),
      restartClone: restartClone(deps),
      suspendClone: suspendClone(deps),
      resumeClone: resumeClone(deps),
      archiveClone: archiveClone(deps),
      restoreClone: restoreClone(deps),
      extendClone: extendClone(deps),
      listCloneExecutions: listCloneExecutions(deps),
      stopClones: stopClones(deps),
      deleteClones: deleteClones(deps),
      diffClone: diffClone(deps),
      explainClone: explainClone(deps),
    }),
    implement(ActionServiceService, {
      listActions: listActions(deps),
      getActionLog: getActionLog(deps),
    }),
    implement(CloneAdminServiceService, {
      forceDeleteClone: forceDeleteClone(deps),
      setCloneExpiry: setCloneExpiry(deps),
      reassignClone: reassignClone(deps),
      rotateCloneSecrets: rotateCloneSecrets(deps),
      setCloneTraits: setCloneTraits(deps),
      setQuota: setQuota(deps),
      checkQuotas: checkQuotas(deps),
    }),
    webhookApi(deps),
    implement(ExecutionReportServiceService, {
      updateExecution: updateExecution(deps),
      completeCloneExecution: completeCloneExecution(deps),
      uploadResult: uploadResult(deps),
      fetchInput: fetchInput(deps),
    }),
    implement(ResultServiceService, {
      listResults: listResults(deps),
      getResult: getResult(deps),
    }),
    implement(CloneDirectoryServiceService, {
      getCloneTeamAndBot: getCloneTeamAndBot(deps),
      checkEpoch: checkEpoch(deps),
      getExecutionSecrets: getExecutionSecrets(deps),
    }),
    implement(TemplateServiceService, {
      createTemplate: createTemplate(deps),
      getTemplate: getTemplate(deps),
      listTemplates: listTemplates(deps),
      updateTemplate: updateTemplate(deps),
      deleteTemplate: deleteTemplate(deps),
    }),
    implement(OverrideServiceService, {
      getOwnerOverrides: getOwnerOverrides(deps),
      updateOwnerOverrides: updateOwnerOverrides(deps),
    }),
    implement(HistoryServiceService, { readHistory: readHistory(deps) }),
  ];
}
