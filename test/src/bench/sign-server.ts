// One server process of the benchmarks of keys: keys itself, or an echo to compare it with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@ramet/config';
import { type Config, HeldKeks, type Outside, startKeys } from '@ramet/keys/testing';
import { loadContract } from '@ramet/proto-gen/contract';
import type { KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import { createVerifier } from '@ramet/rpc';
import { noFailpoints, systemClock, systemIds } from '@ramet/service';
import { startTelemetry } from '@ramet/telemetry';
import type { BenchCaller } from './calls.js';
import { answerParent } from './child.js';
import { startBareEcho, startPipelineEcho } from './echo-servers.js';
import { BENCH_USER, createCallers } from './sign-callers.js';
import { createIssuer } from './tokens.js';

/** Which server to be: a bare echo, an echo through the pipeline of libs/rpc, or keys. */
export type ServerKind = 'bare' | 'pipeline' | 'keys';

/** What a server is asked. */
export type ServerQuestion =
  | {
      readonly ask: 'start';
      readonly kind: ServerKind;
      readonly issuer: string;
      readonly databaseUrl: string;
    }
  | { readonly ask: 'callers'; readonly algorithm: KeyAlgorithm; readonly count: number }
  | { readonly ask: 'cpu' };

/** What a server says. */
export interface ServerAnswer {
  readonly address: string;
  readonly callers: readonly BenchCaller[];
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

type Start = Extract<ServerQuestion, { readonly ask: 'start' }>;

const TEAM = 'tem_00000000000000000000000000';

const traces = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
process.once('exit', () => rmSync(traces, { recursive: true, force: true }));
const contract = loadContract();
/** Which key a clone has. */
const clones = new Map<string, string>();
let started = { address: '', issuer: '' };

answerParent(async (question: ServerQuestion): Promise<ServerAnswer> => {
  const callers = await answer(question);
  const { user, system } = process.cpuUsage();
  const residentBytes = process.memoryUsage.rss();
  return { address: started.address, callers, cpuMicros: user + system, residentBytes };
});

async function answer(question: ServerQuestion): Promise<readonly BenchCaller[]> {
  switch (question.ask) {
    case 'start':
      started = { address: await start(question), issuer: question.issuer };
      return [];
    case 'callers': {
      const issuer = createIssuer(started.issuer);
      return createCallers({ ...question, issuer, clones, address: started.address });
    }
    case 'cpu':
      return [];
  }
}

async function start({ kind, issuer, databaseUrl }: Start): Promise<string> {
  if (kind === 'bare') return startBareEcho();
  if (kind === 'pipeline') {
    return startPipelineEcho({ ...(await surroundings('echo', issuer)), contract });
  }
  const outside: Outside = {
    ...(await surroundings('keys', issuer)),
    ...{ clock: systemClock, ids: systemIds, failpoints: noFailpoints, contract },
    kekProvider: new HeldKeks(systemIds.bytes(32)),
    connectPeers: playedPeers,
  };
  return (await startKeys(configOf(databaseUrl), outside)).address;
}

async function surroundings(service: string, issuer: string) {
  const { logger } = await startTelemetry({ service, tracesDir: traces, logLevel: 'error' });
  const { jwk } = createIssuer(issuer);
  const authenticate = createVerifier({
    ...{ issuer: 'ramet', audience: 'ramet', clock: systemClock },
    keys: async () => [jwk],
  });
  return { logger, authenticate };
}

function playedPeers(): ReturnType<Outside['connectPeers']> {
  const owner = { kind: 'user', id: BENCH_USER } as const;
  return {
    lifecycle: {
      getCloneTeamAndBot: async (id) => ({
        ...{ id, owner, creatorId: BENCH_USER, teamId: TEAM, epoch: 1, active: true },
        keyId: clones.get(id) ?? '',
      }),
    },
    teams: {
      roleIn: async () => 'member',
      isActive: async () => true,
      readNews: async () => [],
      rolesOf: async () => new Map(),
    },
    forgetRoles: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function configOf(databaseUrl: string): Config {
  return {
    ...{ host: '127.0.0.1', port: 0, metricsPort: undefined, databaseUrl },
    ...{ databasePassword: undefined, natsUrl: '', natsToken: undefined },
    ...{ teamsAddress: '', lifecycleAddress: '', tracesDir: '', failpointsDir: '' },
    serviceKey: new Secret(Buffer.from('none')),
    ...{ kekFile: '', kekCommand: undefined },
    logLevel: 'error',
  };
}
