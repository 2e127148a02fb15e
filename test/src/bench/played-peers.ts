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
  const command = ['node', 'bot.mjs'];
  const source = { kind: 'process', bundle: 'trader', tag: '', command, revision: 1 } as const;
  const admitted = { teamId: PLAYED_TEAM, source, entitled: [] };
  const nobody = new Proxy({}, { get: () => () => Promise.reject(new Error('not played')) });
  return {
    authenticate: createVerifier({ issuer: 'ramet', audience: 'ramet', keys, clock: systemClock }),
    teams: {
      listMemberships: async () => [],
      admit: async () => admitted,
      admitOwner: async () => ({ ...admitted, teamId: '' }),
      readHistory: async () => [],
    },
    keys: nobody as Peers['keys'],
    executor: nobody as Peers['executor'],
    [Symbol.asyncDispose]: async () => undefined,
  };
}
