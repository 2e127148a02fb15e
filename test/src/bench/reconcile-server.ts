// One process of the reconcile benchmark: lifecycle, which reconciles with a played executor.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type LifecycleService,
  type Outside,
  type Peers,
  startLifecycle,
} from '@ramet/lifecycle/testing';
import { noFailpoints, systemClock, systemIds } from '@ramet/service';
import { startTelemetry } from '@ramet/telemetry';
import { answerParent } from './child.js';
import { playedConfig, playedPeers } from './played-peers.js';

/** What it is asked: to reconcile, or to stop. */
export type ReconcileQuestion =
  | { readonly ask: 'start'; readonly issuer: string; readonly databaseUrl: string }
  | { readonly ask: 'stop' };

/** The CPU that it has used so far. */
export interface ReconcileAnswer {
  readonly cpuMicros: number;
}

const traces = mkdtempSync(join(tmpdir(), 'ramet-bench-'));
process.once('exit', () => rmSync(traces, { recursive: true, force: true }));
const telemetry = startTelemetry({ service: 'lifecycle', tracesDir: traces, logLevel: 'error' });
let running: LifecycleService | undefined;

answerParent(async (question: ReconcileQuestion): Promise<ReconcileAnswer> => {
  if (question.ask === 'start') running = await start(question);
  else await running?.[Symbol.asyncDispose]();
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system };
});

async function start({
  issuer,
  databaseUrl,
}: Extract<ReconcileQuestion, { readonly ask: 'start' }>): Promise<LifecycleService> {
  const { logger } = await telemetry;
  const outside: Outside = {
    ...{ clock: systemClock, ids: systemIds, failpoints: noFailpoints, logger },
    connect: () => ({ ...playedPeers(issuer), executor: promptExecutor() }),
  };
  return startLifecycle({ ...playedConfig(databaseUrl), reconciles: true }, outside);
}

/** Every workload has ended well by the time that it is asked for. */
function promptExecutor(): Peers['executor'] {
  const ended = (state: 'EXITED' | 'REMOVED') => {
    const at = systemClock.now();
    const exit = { kind: 'EXITED', exitCode: 0, signal: '', message: '' } as const;
    return { state, exit, startedAt: at, endedAt: at };
  };
  return {
    create: async () => ({ value: ended('EXITED') }),
    stop: async () => ended('EXITED'),
    find: async () => ended('EXITED'),
    remove: async () => ended('REMOVED'),
    removeStorage: async () => true,
    readHistory: async () => [],
    streamLogs: async function* () {
      // Nothing was printed.
    },
  };
}
