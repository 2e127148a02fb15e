import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peers, ServiceConfig } from '@ramet/lifecycle/testing';
import { createVerifier } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import { createIssuer } from './tokens.js';

/** The team of every bot. */
export const PLAYED_TEAM = 'tem_00000000000000000000000000';

const SEALING_KEY_BYTES = 32;
const SOURCE = {
  ...{ kind: 'process' as const, bundle: 'trader', tag: '' },
  ...{ command: ['node', 'bot.mjs'], revision: 1 },
};

/** The settings of a lifecycle that is measured: it serves, and leaves the rest to nobody. */
export function playedConfig(databaseUrl: string): ServiceConfig {
  return {
    ...{ host: '127.0.0.1', port: 0, databaseUrl, databasePassword: undefined },
    ...{ secretsKeys: [Buffer.alloc(SEALING_KEY_BYTES)], webhookAllowPrivate: false },
    blobsLocation: { kind: 'disk', dir: join(tmpdir(), `ramet-bench-blobs-${process.pid}`) },
    ...{ cloneQuota: 1_000_000_000, reconciles: false, reconcileMs: 1_000, leaseMs: 10_000 },
  };
}

/** Peers that let everybody do everything, and that nobody reconciles with. */
export function playedPeers(issuer: string): Peers {
  const { jwk } = createIssuer(issuer);
  const keys = async () => [jwk];
  const nobody = new Proxy({}, { get: () => () => Promise.reject(new Error('not played')) });
  return {
    authenticate: createVerifier({ issuer: 'ramet', audience: 'ramet', keys, clock: systemClock }),
    teams: {
      listMemberships: async () => [],
      admit: async () => ({ teamId: PLAYED_TEAM, source: SOURCE, entitled: [] }),
      admitOwner: async () => ({ teamId: '', entitled: [] }),
      readHistory: async () => [],
    },
    keys: nobody as Peers['keys'],
    executor: nobody as Peers['executor'],
    [Symbol.asyncDispose]: async () => undefined,
  };
}
