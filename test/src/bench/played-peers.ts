import type { Peers } from '@ramet/lifecycle/testing';
import { createVerifier } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import { createIssuer } from './tokens.js';

/** The team of every bot. */
export const PLAYED_TEAM = 'tem_00000000000000000000000000';

/** Peers that let everybody do everything, and that nobody reconciles with. */
export function playedPeers(issuer: string): Peers {
  const { jwk } = createIssuer(issuer);
  const keys = async () => [jwk];
  const source = { kind: 'process', bundle: 'trader', command: ['node', 'bot.mjs'], revision: 1 };
  const nobody = new Proxy({}, { get: () => () => Promise.reject(new Error('not played')) });
  return {
    authenticate: createVerifier({ issuer: 'ramet', audience: 'ramet', keys, clock: systemClock }),
    teams: {
      listMemberships: async () => [],
      admit: async () => ({ teamId: PLAYED_TEAM, source: { ...source, kind: 'process' as const } }),
    },
    keys: nobody as Peers['keys'],
    executor: nobody as Peers['executor'],
    [Symbol.asyncDispose]: async () => undefined,
  };
}
