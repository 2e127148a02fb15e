import type { JsonObject } from '@bufbuild/protobuf';
import type { Things } from '../support/story.js';
import { lookingAtAClone, managing } from './lifecycle.js';
import { all, always, but, DENIED, type Row } from './row.js';

const CLONE = 'CLONE_NOT_FOUND';
const STALE = 'ETAG_STALE';
const REASON = 'as the test has it';

/** What may be done to a clone, by whoever sees it: only as it was read, and it was not. */
function doing(rpc: string, more: JsonObject = {}): Row {
  return {
    rpc: `ramet.lifecycle.v1.CloneService/${rpc}`,
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale', ...more }),
    people: lookingAtAClone(STALE),
  };
}

/** What only administrators of the mesh may do to a clone. */
function ruling(rpc: string, more: (about: Things) => JsonObject = () => ({})): Row {
  const verdicts = but(DENIED, STALE);
  return {
    rpc: `ramet.lifecycle.v1.CloneAdminService/${rpc}`,
    request: (about) => ({ id: about.cloneId, etag: 'stale', reason: REASON, ...more(about) }),
    people: { own: verdicts, foreign: verdicts, missing: but(DENIED, CLONE), personal: verdicts },
  };
}

/** Nothing is selected by more clones than there are, whoever looks. */
function selecting({ teamId }: Things): JsonObject {
  return { selection: { owner: { teamId }, filter: 'phase = DELETING', expectedCount: 100 } };
}

/** Who may do what with clones once they are there. */
export const CLONE_ACTIONS: readonly Row[] = [
  doing('UpdateClone', { updateMask: 'labels', labels: { colour: 'blue' } }),
  doing('RestartClone', { resume: true }),
  doing('SuspendClone'),
  doing('ResumeClone'),
  doing('ArchiveClone'),
  doing('RestoreClone'),
  doing('ExtendClone', { by: '60s', reason: REASON }),
  {
    rpc: 'ramet.lifecycle.v1.CloneService/StopClones',
    request: selecting,
    people: always(all('COUNT_MISMATCH')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/DeleteClones',
    request: selecting,
    people: always(all('COUNT_MISMATCH')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ExplainClone',
    request: ({ cloneId }) => ({ id: cloneId }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/DiffClone',
    request: ({ cloneId }) => ({ id: cloneId, a: { seq: 1 } }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ListCloneExecutions',
    request: ({ cloneId }) => ({ cloneId }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.ActionService/ListActions',
    request: ({ cloneId }) => ({ cloneId }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.ActionService/GetActionLog',
    request: ({ actionId }) => ({ id: actionId }),
    people: managing('ACTION_NOT_FOUND', 'ok'),
  },
  ruling('ForceDeleteClone'),
  ruling('SetCloneExpiry'),
  ruling('ReassignClone', ({ teamId }) => ({ owner: { teamId } })),
  ruling('RotateCloneSecrets'),
  ruling('SetCloneTraits', () => ({ traits: ['internal'] })),
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/SetQuota',
    request: () => ({
      kind: 'CLONE_KIND_INSTANCE',
      resource: 'clones',
      limit: '1000',
      reason: REASON,
    }),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/CheckQuotas',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneDirectoryService/GetExecutionSecrets',
    request: ({ cloneId, executionId }) => ({ cloneId, executionId, epoch: 1 }),
    machines: { executor: ['ok', 'ok', CLONE] },
  },
];
