import { PublicError } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import {
  CloneDirectoryServiceService,
  type CompleteCloneExecutionRequest,
  ExecutionReportServiceService,
  type FetchInputRequest,
  type GetExecutionSecretsResponse,
  type ResultHeader,
  type UpdateExecutionRequest,
  type UploadResultRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { ANONYMOUS, implement, type Logger, serve } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import type { WorkloadIds } from './domain/workload.js';
import type { Teams } from './outside.js';

/** A result that has arrived. */
export interface Uploaded {
  readonly header: ResultHeader;
  readonly content: Buffer;
}

/** Plays those whom runners report to, for tests of this room alone. */
export interface FakeMesh extends AsyncDisposable {
  readonly address: string;
  readonly teams: Teams;
  readonly updates: readonly UpdateExecutionRequest[];
  readonly completions: readonly CompleteCloneExecutionRequest[];
  readonly results: readonly Uploaded[];
  /** What executions may know, by execution; asked for by the executor. */
  readonly secrets: Map<string, GetExecutionSecretsResponse>;
  /** What inputs that are results of other clones hold, by name. */
  readonly inputs: Map<string, Buffer>;
  /** From now on, every report is of an epoch that is over. */
  supersede(): void;
  /** From now on, what an answer is made of instead: it may throw, or wait. */
  onUpload(instead: (header: ResultHeader) => void | Promise<void>): void;
}

/** Starts a mesh that takes every report, of whoever shows a token that it minted. */
export async function startFakeMesh(logger: Logger): Promise<FakeMesh> {
  const updates: UpdateExecutionRequest[] = [];
  const completions: CompleteCloneExecutionRequest[] = [];
  const results: Uploaded[] = [];
  const secrets = new Map<string, GetExecutionSecretsResponse>();
  const inputs = new Map<string, Buffer>();
  let isOver = false;
  let meet: (header: ResultHeader) => void | Promise<void> = () => undefined;
  const assertAlive = () => {
    if (isOver) throw new PublicError('aborted', 'EPOCH_STALE', 'the epoch is over');
  };
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    contract: loadContract(),
    logger,
    authenticate: (metadata) => callerIn(metadata.get('authorization') ?? ''),
    services: [
      implement(ExecutionReportServiceService, {
        updateExecution: async (update) => {
          assertAlive();
          updates.push(update);
          return { stopRequested: false };
        },
        completeCloneExecution: async (completion) => {
          assertAlive();
          completions.push(completion);
          return {};
        },
        uploadResult: async (requests) => {
          assertAlive();
          const uploaded = await readUpload(requests);
          await meet(uploaded.header);
          results.push(uploaded);
          return { result: undefined };
        },
        fetchInput: (wish) => streamInput(inputs, wish),
      }),
      implement(CloneDirectoryServiceService, {
        getCloneTeamAndBot: async () => ({ clone: undefined }),
        checkEpoch: async () => ({ alive: !isOver, ownerId: '' }),
        getExecutionSecrets: async ({ executionId }) =>
          secrets.get(executionId) ?? { overrides: [], inputs: [] },
      }),
    ],
  });
  return {
    address: server.address,
    teams: fakeTeams(),
    ...{ updates, completions, results, secrets, inputs },
    supersede: () => {
      isOver = true;
    },
    onUpload: (instead) => {
      meet = instead;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function readUpload(requests: AsyncIterable<UploadResultRequest>): Promise<Uploaded> {
  let header: ResultHeader | undefined;
  const pieces: Buffer[] = [];
  for await (const { part } of requests) {
    if (part?.$case === 'header') header = part.value;
    if (part?.$case === 'data') pieces.push(part.value);
  }
  if (!header) throw new Error('no header has come');
  return { header, content: Buffer.concat(pieces) };
}

async function* streamInput(inputs: ReadonlyMap<string, Buffer>, { name }: FetchInputRequest) {
  const content = inputs.get(name);
  if (!content) throw new PublicError('not_found', 'RESULT_NOT_FOUND', `no such result: ${name}`);
  for (let from = 0; from < content.length; from += PIECE_BYTES) {
    yield { data: content.subarray(from, from + PIECE_BYTES) };
  }
}

const PIECE_BYTES = 100_000;
const EXECUTOR = 'service.executor.none';

/** Lets in whom the metadata names, and mints tokens that only say whose they are. */
function fakeTeams(): Teams {
  return {
    authenticate: (metadata) => {
      const [kind = 'anonymous', id = ''] = (metadata.get('x-test-caller') ?? '').split(':');
      return kind === 'service' || kind === 'user' ? { ...ANONYMOUS, kind, id } : ANONYMOUS;
    },
    tokens: { mint: async (ids) => tokenOf(ids) },
    token: async () => EXECUTOR,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function tokenOf({ cloneId, executionId, epoch }: WorkloadIds): string {
  const iat = Math.floor(systemClock.now().getTime() / 1_000);
  const claims = { cloneId, executionId, epoch, iat, exp: iat + 300 };
  return `fake.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.none`;
}

function callerIn(header: string) {
  if (header.endsWith(EXECUTOR)) return { ...ANONYMOUS, kind: 'service' as const, id: 'executor' };
  const [, claims = ''] = header.split('.');
  const workload: WorkloadIds = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return { ...ANONYMOUS, kind: 'workload' as const, id: workload.executionId, workload };
}
