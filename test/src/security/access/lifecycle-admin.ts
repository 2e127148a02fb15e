import { always, but, DENIED, type Row, type Target, type Verdicts } from './row.js';

const CLONE = 'CLONE_NOT_FOUND';
const WHY = { etag: 'stale', reason: 'a test' };
const ONLY_OVERSEER: Partial<Record<Target, Verdicts>> = {
  own: but(DENIED, 'ETAG_STALE'),
  foreign: but(DENIED, 'ETAG_STALE'),
  missing: but(DENIED, CLONE),
  personal: but(DENIED, 'ETAG_STALE'),
};

/** What administrators alone may do at lifecycle. */
export const LIFECYCLE_ADMIN: readonly Row[] = [
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/ForceDeleteClone',
    request: ({ cloneId }) => ({ id: cloneId, ...WHY }),
    people: ONLY_OVERSEER,
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/SetCloneExpiry',
    request: ({ cloneId }) => ({ id: cloneId, ...WHY, expireTime: '2999-01-01T00:00:00Z' }),
    people: ONLY_OVERSEER,
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/ReassignClone',
    request: ({ cloneId, teamId }) => ({ id: cloneId, ...WHY, owner: { teamId } }),
    people: ONLY_OVERSEER,
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/RotateCloneSecrets',
    request: ({ cloneId }) => ({ id: cloneId, ...WHY }),
    people: ONLY_OVERSEER,
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/SetCloneTraits',
    request: ({ cloneId }) => ({ id: cloneId, ...WHY, traits: ['internal'] }),
    people: ONLY_OVERSEER,
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/SetQuota',
    request: ({ teamId }) => ({
      owner: { teamId },
      kind: 'CLONE_KIND_BOT',
      resource: 'clones',
      limit: 50,
      reason: 'a test',
    }),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneAdminService/CheckQuotas',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
];
