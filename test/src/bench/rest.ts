import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@ramet/local';
import { median, round1, round2 } from './figures.js';
import { type LifeMesh, startLifeMesh } from './life-mesh.js';
import { useOf } from './process-use.js';
import { countStatements, type Statement, totalOf } from './statements.js';

interface Options {
  readonly json: boolean;
  readonly rounds: number;
}

/** What a service uses while nobody asks it for anything, and how long it takes to be there. */
interface AtRest {
  readonly service: ServiceName;
  readonly statementsPerSecond: number;
  /** Each of them, most first. */
  readonly statements: readonly Sent[];
  readonly startMs: number;
  readonly residentMb: number;
}

/** A statement that is sent again and again. */
interface Sent {
  readonly text: string;
  readonly perSecond: number;
}

const SERVICES: readonly ServiceName[] = ['teams', 'keys', 'lifecycle', 'executor'];
const SETTLED_MS = 5_000;
const IDLE_MS = 30_000;
/** The least that is shown of a statement. */
const SHOWN = 0.1;
/** The budget of DESIGN.md, section 8. The executor may have more memory. */
const BUDGET = { statementsPerSecond: 2, startMs: 2_000, residentMb: 150, executorMb: 220 };

/**
 * Measures a mesh that nobody asks for anything: the statements of each service, its memory, and how
 * long it takes to serve when it is started anew.
 */
export async function benchRest({ json, rounds }: Options): Promise<void> {
  await using mesh = await startLifeMesh();
  await sleep(SETTLED_MS);
  const statements = await idleStatements(mesh);
  const measured: AtRest[] = [];
  for (const service of SERVICES) {
    const residentMb = Math.round(useOf(mesh.mesh.service(service).pid).residentBytes / 1e6);
    const startMs = await timeToServe(mesh, service, rounds);
    const sent = statements.filter((each) => each.service === service);
    const perSecond = (calls: number): number => round2(calls / (IDLE_MS / 1_000));
    measured.push({
      ...{ service, startMs, residentMb, statementsPerSecond: perSecond(totalOf(sent)) },
      statements: sent.map(({ text, calls }) => ({ text, perSecond: perSecond(calls) })),
    });
  }
  if (json) {
    console.info(JSON.stringify({ bench: 'rest', measured, budget: BUDGET }));
    return;
  }
  for (const { service, statementsPerSecond, statements: sent, startMs, residentMb } of measured) {
    console.info(
      `${service.padEnd(10)} ${statementsPerSecond} statements/s, serves after ${startMs} ms, ${residentMb} MB`,
    );
    for (const { perSecond, text } of sent.filter((each) => each.perSecond >= SHOWN))
      console.info(`  ${perSecond.toFixed(2).padStart(6)}  ${text.slice(0, 110)}`);
  }
  console.info(
    `budget     < ${BUDGET.statementsPerSecond} statements/s, < ${BUDGET.startMs} ms, < ${BUDGET.residentMb} MB (executor < ${BUDGET.executorMb})`,
  );
}

async function idleStatements({ adminUrl }: LifeMesh): Promise<readonly Statement[]> {
  await using counter = await countStatements(adminUrl);
  await sleep(IDLE_MS);
  return await counter.take();
}

async function timeToServe({ mesh }: LifeMesh, name: ServiceName, rounds: number): Promise<number> {
  const service = mesh.service(name);
  const times: number[] = [];
  while (times.length < rounds) {
    await service.stop();
    const start = performance.now();
    await service.start();
    times.push(performance.now() - start);
  }
  return round1(median(times));
}
