import { PublicError } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import {
  type CompleteCloneExecutionRequest,
  ExecutionReportServiceService,
  type UpdateExecutionRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { ANONYMOUS, implement, type Logger, serve } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import type { WorkloadIds } from './domain/workload.js';
import type { Teams } from './outside.js';

/** Plays those whom runners report to, for tests of this room alone. */
export interface FakeMesh extends AsyncDisposable {
  readonly address: string;
  readonly teams: Teams;
  readonly updates: readonly UpdateExecutionRequest[];
  readonly completions: readonly CompleteCloneExecutionRequest[];
  /** From now on, every report is of an epoch that is over. */
  supersede(): void;
}

/** Starts a mesh that takes every report, of whoever shows a token that it minted. */
export async function startFakeMesh(logger: Logger): Promise<FakeMesh> {
  const updates: UpdateExecutionRequest[] = [];
  const completions: CompleteCloneExecutionRequest[] = [];
  let isOver = false;
  const assertAlive = () => {
    if (isOver) throw new PublicError('aborted', 'EPOCH_STALE', 'the epoch is over');
  };
  const server = await serve({
    host: '127.0.0.1',
    port: 0,
    contract: loadContract(),
    logger,
    authenticate: (metadata) => workloadIn(metadata.get('authorization') ?? ''),
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
      }),
    ],
  });
  return {
    address: server.address,
    teams: fakeTeams(),
    updates,
    completions,
    supersede: () => {
      isOver = true;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Lets in whom the metadata names, and mints tokens that only say whose they are. */
function fakeTeams(): Teams {
  return {
    authenticate: (metadata) => {
      const [kind = 'anonymous', id = ''] = (metadata.get('x-test-caller') ?? '').split(':');
      return kind === 'service' || kind === 'user' ? { ...ANONYMOUS, kind, id } : ANONYMOUS;
    },
    tokens: { mint: async (ids) => tokenOf(ids) },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function tokenOf({ cloneId, executionId, epoch }: WorkloadIds): string {
  const iat = Math.floor(systemClock.now().getTime() / 1_000);
  const claims = { cloneId, executionId, epoch, iat, exp: iat + 300 };
  return `fake.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.none`;
}

function workloadIn(header: string) {
  const [, claims = ''] = header.split('.');
  const workload: WorkloadIds = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return { ...ANONYMOUS, kind: 'workload' as const, id: workload.executionId, workload };
}
