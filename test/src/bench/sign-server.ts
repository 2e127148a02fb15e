// One server process of the sign benchmark: keys itself, or an echo to compare it with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { Secret } from '@ramet/config';
import { type Config, HeldKeks, type Outside, startKeys } from '@ramet/keys/testing';
import { loadContract } from '@ramet/proto-gen/contract';
import {
  CreateKeyRequest,
  GrantLimits,
  GrantServiceService,
  KeyAlgorithm,
  KeyServiceService,
  SigningServiceService,
  SignOperation,
  type SignTransactionResponse,
} from '@ramet/proto-gen/keys.v1';
import { connect, createVerifier, implement, serve } from '@ramet/rpc';
import { noFailpoints, systemClock, systemIds } from '@ramet/service';
import { startTelemetry } from '@ramet/telemetry';
import { answerParent } from './child.js';
import type { BenchCaller } from './load.js';
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
      readonly grants: number;
    }
  | { readonly ask: 'cpu' };

/** What a server says. */
export interface ServerAnswer {
  readonly address: string;
  readonly callers: readonly BenchCaller[];
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

type Start = Extract<ServerQuestion, { readonly ask: 'start' }>;

const HMAC_BYTES = 32;
const USER = 'usr_00000000000000000000000000';
const TEAM = 'tem_00000000000000000000000000';

const traces = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
process.once('exit', () => rmSync(traces, { recursive: true, force: true }));
const contract = loadContract();

answerParent(async (question: ServerQuestion): Promise<ServerAnswer> => {
  const started = question.ask === 'start' ? await start(question) : { address: '', callers: [] };
  const { user, system } = process.cpuUsage();
  return { ...started, cpuMicros: user + system, residentBytes: process.memoryUsage.rss() };
});

type Started = Pick<ServerAnswer, 'address' | 'callers'>;

async function start(order: Start): Promise<Started> {
  switch (order.kind) {
    case 'bare':
      return { address: await startBare(), callers: [] };
    case 'pipeline':
      return { address: await startPipeline(order), callers: [] };
    case 'keys':
      return startSigner(order);
  }
}

/** The answer of the echoes: as large as that of keys. */
function answer(): SignTransactionResponse {
  const signature = Buffer.alloc(HMAC_BYTES, 0x62);
  const nothing = { venue: undefined, evmTransaction: undefined };
  return { signature, ...nothing, acceptTime: new Date() };
}

async function startBare(): Promise<string> {
  const server = new Server();
  const signTransaction: UntypedHandleCall = (
    _call: unknown,
    respond: (error: null, response: SignTransactionResponse) => void,
  ) => respond(null, answer());
  server.addService(SigningServiceService, { signTransaction });
  const port = await new Promise<number>((resolve, reject) => {
    const insecure = ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', insecure, (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return `127.0.0.1:${port}`;
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

async function startPipeline({ issuer }: Start): Promise<string> {
  const server = await serve({
    ...(await surroundings('echo', issuer)),
    ...{ host: '127.0.0.1', port: 0, contract, clock: systemClock },
    services: [implement(SigningServiceService, { signTransaction: async () => answer() })],
  });
  return server.address;
}

async function startSigner({ issuer, databaseUrl, grants }: Start): Promise<Started> {
  const clones = new Map<string, string>();
  const outside: Outside = {
    ...(await surroundings('keys', issuer)),
    ...{ clock: systemClock, ids: systemIds, failpoints: noFailpoints, contract },
    kekProvider: new HeldKeks(systemIds.bytes(32)),
    connectPeers: () => playedPeers(clones),
  };
  const service = await startKeys(configOf(databaseUrl), outside);
  const callers = await createGrants(service.address, createIssuer(issuer), clones, grants);
  return { address: service.address, callers };
}

function playedPeers(clones: ReadonlyMap<string, string>): ReturnType<Outside['connectPeers']> {
  const owner = { kind: 'user', id: USER } as const;
  return {
    lifecycle: {
      getCloneTeamAndBot: async (id) => ({
        ...{ id, owner, creatorId: USER, teamId: TEAM, epoch: 1, active: true },
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

async function createGrants(
  address: string,
  issuer: ReturnType<typeof createIssuer>,
  clones: Map<string, string>,
  count: number,
): Promise<readonly BenchCaller[]> {
  const user = { token: issuer.token({ sub: USER, kind: 'user' }) };
  const lifecycle = { token: issuer.token({ sub: 'lifecycle', kind: 'service' }) };
  await using keys = connect(KeyServiceService, address);
  await using holds = connect(GrantServiceService, address);
  const callers: BenchCaller[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const { key } = await keys.createKey(keyRequest(`bench-${nth}`), user);
    const keyId = key?.id ?? '';
    const cloneId = systemIds.make('cln');
    const executionId = systemIds.make('exe');
    clones.set(cloneId, keyId);
    const limits = GrantLimits.fromPartial({ operations: [SignOperation.RAW] });
    const grant = { keyId, cloneId, executionId, epoch: 1, limits };
    await holds.authorizeCloneToUseKey(grant, lifecycle);
    const claims = { sub: executionId, kind: 'workload', cln: cloneId, exe: executionId, epo: 1 };
    callers.push({ keyId, token: issuer.token(claims) });
  }
  return callers;
}

function keyRequest(name: string): CreateKeyRequest {
  return CreateKeyRequest.fromPartial({
    name,
    owner: { owner: { $case: 'userId', value: USER } },
    algorithm: KeyAlgorithm.HMAC_SHA256,
    material: { $case: 'generate', value: {} },
  });
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
