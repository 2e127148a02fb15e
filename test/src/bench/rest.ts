import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@ramet/local';
import { median, round1, round2 } from './figures.js';
import { type LifeMesh, startLifeMesh } from './life-mesh.js';
import { useOf } from './process-use.js';
import { countStatements, totalOf } from './statements.js';

interface Options {
  readonly json: boolean;
  readonly rounds: number;
}

/** What a service uses while nobody asks it for anything, and how long it takes to be there. */
interface AtRest {
  readonly service: ServiceName;
  readonly statementsPerSecond: number;
  readonly startMs: number;
  readonly residentMb: number;
}

const SERVICES: readonly ServiceName[] = ['teams', 'keys', 'lifecycle', 'executor'];
const SETTLED_MS = 5_000;
const IDLE_MS = 30_000;
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
    const statementsPerSecond = round2(statements.get(service) ?? 0);
    measured.push({ service, statementsPerSecond, startMs, residentMb });
  }
  if (json) {
    console.info(JSON.stringify({ bench: 'rest', measured, budget: BUDGET }));
    return;
  }
  for (const { service, statementsPerSecond, startMs, residentMb } of measured) {
    console.info(
      `${service.padEnd(10)} ${statementsPerSecond} statements/s, serves after ${startMs} ms, ${residentMb} MB`,
    );
  }
  console.info(
    `budget     < ${BUDGET.statementsPerSecond} statements/s, < ${BUDGET.startMs} ms, < ${BUDGET.residentMb} MB (executor < ${BUDGET.executorMb})`,
  );
}

async function idleStatements({ adminUrl }: LifeMesh): Promise<ReadonlyMap<string, number>> {
  await using counter = await countStatements(adminUrl);
  await sleep(IDLE_MS);
  const sent = await counter.take();
  const perSecond = (service: ServiceName): number =>
    totalOf(sent.filter((each) => each.service === service)) / (IDLE_MS / 1_000);
  return new Map(SERVICES.map((service) => [service, perSecond(service)]));
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
