import { systemIds } from '@ramet/service';
import { aName, type Things } from '../support/story.js';
import { all, always, but, DENIED, type Row, type Verdicts } from './row.js';

const TEAM = 'TEAM_NOT_FOUND';
const KEY = 'KEY_NOT_FOUND';
const GRANT = 'GRANT_NOT_FOUND';
const OWN_TEAM: Verdicts = [TEAM, DENIED, 'ok', 'ok', TEAM];
const OWN_KEY: Verdicts = [KEY, KEY, 'ok', 'ok', KEY];
const MEMBERS_KEY: Verdicts = [KEY, 'ok', KEY, KEY, KEY];
const STALE_KEY: Row['people'] = {
  own: [KEY, KEY, 'ETAG_STALE', 'ETAG_STALE', KEY],
  foreign: all(KEY),
  missing: all(KEY),
  personal: [KEY, 'ETAG_STALE', KEY, KEY, KEY],
};

/** What only the administrator of the mesh may ask, whatever it is about. */
const FOR_OVERSEER = always(but(DENIED, 'ok'));

/** Who may do what at keys. The administrator of the mesh has no right to anybody's keys. */
export const KEYS: readonly Row[] = [
  {
    rpc: 'ramet.keys.v1.KeyService/CreateKey',
    request: ({ teamId }) => ({
      owner: { teamId },
      name: aName(),
      algorithm: 'KEY_ALGORITHM_ED25519',
      generate: {},
    }),
    people: { own: OWN_TEAM, foreign: all(TEAM), missing: all(TEAM) },
  },
  {
    rpc: 'ramet.keys.v1.KeyService/GetKey',
    request: ({ keyId }) => ({ id: keyId }),
    people: { own: OWN_KEY, foreign: all(KEY), missing: all(KEY), personal: MEMBERS_KEY },
  },
  {
    rpc: 'ramet.keys.v1.KeyService/ListKeys',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: { own: OWN_TEAM, foreign: all(TEAM), missing: all(TEAM) },
  },
  {
    rpc: 'ramet.keys.v1.KeyService/ListAvailableKeys',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: { own: OWN_TEAM, foreign: all(TEAM), missing: all(TEAM) },
    machines: { lifecycle: ['ok', TEAM, TEAM] },
  },
  {
    rpc: 'ramet.keys.v1.KeyService/UpdateKey',
    request: ({ keyId }) => ({ id: keyId, etag: 'stale', name: aName() }),
    people: STALE_KEY,
  },
  ...['DisableKey', 'EnableKey'].map((name) => ({
    rpc: `ramet.keys.v1.KeyService/${name}`,
    request: ({ keyId }: Things) => ({ id: keyId, etag: 'stale' }),
    people: STALE_KEY,
  })),
  {
    rpc: 'ramet.keys.v1.KeyService/RotateKey',
    request: ({ keyId }) => ({ id: keyId, etag: 'stale', generate: {} }),
    people: STALE_KEY,
  },
  {
    rpc: 'ramet.keys.v1.KeyService/UndeleteKey',
    request: ({ keyId }) => ({ id: keyId }),
    people: { own: OWN_KEY, foreign: all(KEY), missing: all(KEY), personal: MEMBERS_KEY },
  },
  {
    rpc: 'ramet.keys.v1.KeyService/DeleteKey',
    request: ({ keyId }) => ({ id: keyId, etag: 'stale' }),
    people: STALE_KEY,
  },
  {
    rpc: 'ramet.keys.v1.KeyService/RevokeGrant',
    request: ({ grantId }) => ({ grantId, reason: 'a test' }),
    people: {
      own: [GRANT, GRANT, 'ok', 'ok', GRANT],
      foreign: all(GRANT),
      missing: all(GRANT),
      personal: [GRANT, 'ok', GRANT, GRANT, GRANT],
    },
    machines: { lifecycle: ['ok', 'ok', GRANT] },
  },
  {
    rpc: 'ramet.keys.v1.KeyService/ListGrants',
    request: ({ keyId }) => ({ keyId }),
    people: { own: OWN_KEY, foreign: all(KEY), missing: all(KEY), personal: MEMBERS_KEY },
  },
  {
    rpc: 'ramet.keys.v1.KeyService/ListSignatures',
    request: ({ keyId }) => ({ keyId }),
    people: { own: OWN_KEY, foreign: all(KEY), missing: all(KEY), personal: MEMBERS_KEY },
  },
  {
    rpc: 'ramet.keys.v1.GrantService/AuthorizeCloneToUseKey',
    request: ({ keyId }, { own: { cloneId, executionId } }) => ({
      keyId,
      cloneId,
      executionId,
      epoch: 1,
    }),
    machines: { lifecycle: ['ok', KEY, KEY] },
  },
  {
    rpc: 'ramet.keys.v1.GrantService/ReleaseKey',
    request: ({ keyId }, { missing }) => ({ keyId, cloneId: missing.cloneId }),
    machines: { lifecycle: ['ok', 'ok', 'ok'] },
  },
  {
    rpc: 'ramet.keys.v1.GrantService/CheckGrantLimits',
    request: ({ keyId, teamId }) => ({ keyId, owner: { teamId }, limits: {} }),
    machines: { lifecycle: ['ok', KEY, KEY] },
  },
  {
    rpc: 'ramet.keys.v1.GrantService/RenewGrantLeases',
    request: (_, { own: { executionId } }) => ({ executions: [{ executionId, epoch: 1 }] }),
    machines: { lifecycle: ['ok', 'ok', 'ok'] },
  },
  {
    rpc: 'ramet.keys.v1.SigningService/SignTransaction',
    request: ({ keyId }) => ({ requestId: systemIds.make('req'), keyId, raw: 'aGVsbG8=' }),
    machines: { runner: ['ok', KEY, KEY], otherRunner: [KEY, 'ok', KEY] },
  },
  {
    rpc: 'ramet.keys.v1.SealService/GetSealStatus',
    request: () => ({}),
    people: FOR_OVERSEER,
  },
  {
    rpc: 'ramet.keys.v1.SealService/Seal',
    request: () => ({ reason: 'a test', validateOnly: true }),
    people: FOR_OVERSEER,
  },
  {
    rpc: 'ramet.keys.v1.SealService/Unseal',
    request: () => ({ reason: 'a test' }),
    people: FOR_OVERSEER,
  },
  {
    rpc: 'ramet.keys.v1.SealService/RotateKek',
    request: () => ({ reason: 'a test', validateOnly: true }),
    people: FOR_OVERSEER,
  },
];
