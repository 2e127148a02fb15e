// One server process of the create benchmark: lifecycle itself, or an echo to compare it with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UntypedHandleCall } from '@grpc/grpc-js';
import { type Outside, startLifecycle } from '@ramet/lifecycle/testing';
import {
  Clone,
  CloneKind,
  ClonePhase,
  CloneServiceService,
  type CreateCloneRequest,
  type CreateCloneResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { noFailpoints, systemClock, systemIds } from '@ramet/service';
import { startTelemetry } from '@ramet/telemetry';
import { startBareServer } from './bare-server.js';
import { answerParent } from './child.js';
import { playedConfig, playedPeers, PLAYED_TEAM as TEAM } from './played-peers.js';

/** Which server to be. */
export type CreateServerKind = 'bare' | 'lifecycle';

/** What a server is asked. */
export type CreateServerQuestion =
  | {
      readonly ask: 'start';
      readonly kind: CreateServerKind;
      readonly issuer: string;
      readonly databaseUrl: string;
    }
  | { readonly ask: 'cpu' };

/** What a server says. */
export interface CreateServerAnswer {
  readonly address: string;
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

type Start = Extract<CreateServerQuestion, { readonly ask: 'start' }>;

const traces = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
process.once('exit', () => rmSync(traces, { recursive: true, force: true }));

answerParent(async (question: CreateServerQuestion): Promise<CreateServerAnswer> => {
  const address = question.ask === 'start' ? await start(question) : '';
  const { user, system } = process.cpuUsage();
  return { address, cpuMicros: user + system, residentBytes: process.memoryUsage.rss() };
});

function start(order: Start): Promise<string> {
  return order.kind === 'bare' ? startBare() : startReal(order);
}

function startBare(): Promise<string> {
  const createClone: UntypedHandleCall = (
    { request }: { readonly request: CreateCloneRequest },
    respond: (error: null, response: CreateCloneResponse) => void,
  ) => respond(null, { clone: accepted(request), quotas: [] });
  return startBareServer(CloneServiceService, { createClone });
}

/** An answer as large as lifecycle's. */
function accepted({ owner, botId, parameters }: CreateCloneRequest): Clone {
  const time = new Date();
  return Clone.fromPartial({
    id: 'cln_00000000000000000000000000',
    kind: CloneKind.BOT,
    owner,
    creatorId: 'usr_00000000000000000000000000',
    botId,
    teamId: TEAM,
    parameters,
    limits: {},
    desired: 1,
    phase: ClonePhase.ACCEPTED,
    phaseTime: time,
    deadlineTime: time,
    createTime: time,
    updateTime: time,
    etag: '1',
    seq: 1,
  });
}

async function startReal({ issuer, databaseUrl }: Start): Promise<string> {
  const { logger } = await startTelemetry({
    service: 'lifecycle',
    tracesDir: traces,
    logLevel: 'error',
  });
  const outside: Outside = {
    ...{ clock: systemClock, ids: systemIds, failpoints: noFailpoints, logger },
    connect: () => playedPeers(issuer),
  };
  return (await startLifecycle(playedConfig(databaseUrl), outside)).address;
}
