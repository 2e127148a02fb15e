import { all, always, managing, type Row } from './row.js';

const CLONE = 'CLONE_NOT_FOUND';
const ACTION = 'ACTION_NOT_FOUND';
/** Nobody has clones of this name, and nothing comes of a selection that is not as it was said. */
const SELECTION = { filter: 'name = "nobody"', expectedCount: 499 };

/** Who may have a clone take a turn, and who may look at what it has been through. */
export const TURNS: readonly Row[] = [
  {
    rpc: 'ramet.lifecycle.v1.CloneService/UpdateClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale', labels: { tier: 'gold' } }),
    people: managing(CLONE, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/RestartClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale', resume: true }),
    people: managing(CLONE, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/SuspendClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale' }),
    people: managing(CLONE, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ResumeClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale' }),
    people: managing(CLONE, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ArchiveClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale' }),
    people: managing(CLONE, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/RestoreClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale' }),
    people: managing(CLONE, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ExtendClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale', by: '60s', reason: 'a test' }),
    people: managing(CLONE, 'ETAG_STALE'),
  },
  {
    // What others have is not counted: `access.test.ts` has a stranger name them one by one.
    rpc: 'ramet.lifecycle.v1.CloneService/StopClones',
    request: ({ teamId }) => ({ selection: { owner: { teamId }, ...SELECTION } }),
    people: always(all('COUNT_MISMATCH')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/DeleteClones',
    request: ({ teamId }) => ({ selection: { owner: { teamId }, ...SELECTION } }),
    people: always(all('COUNT_MISMATCH')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ExplainClone',
    request: ({ cloneId }) => ({ id: cloneId }),
    people: managing(CLONE, 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/DiffClone',
    request: ({ cloneId }) => ({ id: cloneId, a: { seq: 1 } }),
    people: managing(CLONE, 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ListCloneExecutions',
    request: ({ cloneId }) => ({ cloneId }),
    people: managing(CLONE, 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.ActionService/ListActions',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.ActionService/GetActionLog',
    request: ({ actionId }) => ({ id: actionId }),
    people: managing(ACTION, 'ok'),
  },
  {
    // As long as the execution runs: afterwards nobody is told.
    rpc: 'ramet.lifecycle.v1.CloneDirectoryService/GetExecutionSecrets',
    request: ({ cloneId, executionId }) => ({ cloneId, executionId, epoch: 1 }),
    machines: { executor: ['ok', 'ok', CLONE] },
  },
];
