import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchCaller } from './calls.js';
import { type Child, startChild } from './child.js';
import { round2 } from './figures.js';
import { createKey, type LifeMesh, startLifeMesh } from './life-mesh.js';
import type { LoadOrder, LoadResult, Pace } from './load.js';
import { callersOf, createMembers, issuerOf } from './members.js';
import { type ProcessUse, useOf } from './process-use.js';
import { lineOf, type Measured, type Round, roundOf, summaryOf, usedBy } from './rounds.js';
import { ALL_OUT, CONCURRENCY, serveAs, startSignServer } from './sign-servers.js';
import { countStatements, less, type Statement, totalOf } from './statements.js';

interface Options {
  readonly json: boolean;
  readonly seconds: number;
  readonly rounds: number;
}

const KINDS = ['bare', 'pipeline', 'cached', 'role', 'cold'] as const;
type Kind = (typeof KINDS)[number];

const NAMES: Record<Kind, string> = {
  bare: 'bare grpc-js echo',
  pipeline: 'echo through libs/rpc',
  cached: 'GetKey, cached',
  role: 'GetKey, role asked again',
  cold: 'GetKey, cold',
};
/** Members that keys has never heard of, each round. */
const STRANGERS = 2_000;
const IDLE_MS = 5_000;
/** Longer than keys believes a role. */
const FORGOTTEN_MS = 1_200;

/** One way to call: a round of it, and what the services did meanwhile. */
interface Way {
  readonly kind: Kind;
  readonly used: () => Promise<ProcessUse>;
  readonly load: () => Promise<LoadResult>;
}

/** What happens at the services for one call. */
interface PerCall {
  readonly statements: Readonly<Record<string, number>>;
  readonly callsToTeams: number;
  readonly teamsCpuMicros: number;
}

interface Totals {
  calls: number;
  statements: Record<string, number>;
  callsToTeams: number;
  teamsCpuMicros: number;
}

/** Counts what the services do, beside what they do when nothing goes on. */
interface Watcher {
  start(): Promise<void>;
  /** Adds what was done since `start` to the totals. */
  add(to: Totals, calls: number): Promise<void>;
}

/**
 * Measures what it costs to know whether a caller may: GetKey of a team's key, whose caller's role
 * keys has to ask teams for.
 *
 * Cold, neither the token nor its user was ever seen; then the same again once the role is
 * forgotten; cached, 64 callers again and again, whose roles are asked for once a second.
 */
export async function benchCheck(options: Options): Promise<void> {
  await using mesh = await startLifeMesh();
  const keyId = await createKey(mesh.api, { owner: { $case: 'teamId', value: mesh.teamId } });
  await using load: Child<LoadOrder, LoadResult> = startChild('load.js');
  await using bare = startSignServer();
  await using pipeline = startSignServer();
  const issuer = issuerOf(mesh);
  const order = { issuer: issuer.pkcs8, databaseUrl: '' };
  const few = callersOf(issuer, await createMembers(mesh, CONCURRENCY), keyId);
  const ask = (address: string, callers: readonly BenchCaller[], pace: Pace) => () =>
    load.ask({
      ...{ kind: 'getKey', payloadBytes: 0, address, callers, pace },
      ms: options.seconds * 1_000,
    });
  const echoes = [
    { kind: 'bare', server: bare },
    { kind: 'pipeline', server: pipeline },
  ] as const;
  const address = mesh.mesh.endpoints.keys.address;
  const keys = async (): Promise<ProcessUse> => useOf(mesh.mesh.service('keys').pid);
  const always: Way[] = [{ kind: 'cached', used: keys, load: ask(address, few, ALL_OUT) }];
  for (const { kind, server } of echoes) {
    const at = await serveAs(kind, server, order);
    always.unshift({ kind, used: usedBy(server), load: ask(at, few, ALL_OUT) });
  }
  for (const { load: run } of always) await run();
  await using watcher = await watchServices(mesh);

  const rounds = new Map<Kind, Round[]>(KINDS.map((kind) => [kind, []]));
  const totals = new Map<Kind, Totals>(KINDS.map((kind) => [kind, nothing()]));
  for (let round = -1; round < options.rounds; round += 1) {
    const users = await createMembers(mesh, STRANGERS);
    const each: Pace = { kind: 'once', count: CONCURRENCY };
    const strangers = ask(address, callersOf(issuer, users, keyId), each);
    const cold: Way = { kind: 'cold', used: keys, load: strangers };
    for (const way of [cold, { ...cold, kind: 'role' } as const, ...always]) {
      if (way.kind === 'role') await sleep(FORGOTTEN_MS);
      const sums = totals.get(way.kind) ?? nothing();
      await watcher.start();
      const done = await roundOf(way.used, way.load);
      // The first round warms up.
      if (round < 0) continue;
      await watcher.add(sums, done.result.calls);
      rounds.get(way.kind)?.push(done);
    }
  }
  report(
    KINDS.map((kind) => resultOf(kind, rounds.get(kind) ?? [], totals.get(kind))),
    options,
  );
}

function nothing(): Totals {
  return { calls: 0, statements: {}, callsToTeams: 0, teamsCpuMicros: 0 };
}

async function watchServices(mesh: LifeMesh): Promise<Watcher & AsyncDisposable> {
  const counter = await countStatements(mesh.adminUrl);
  const teams = () => useOf(mesh.mesh.service('teams').pid).cpuMicros;
  await sleep(IDLE_MS);
  const idle = await counter.take();
  let before = { at: 0, calls: 0, cpu: 0 };
  return {
    async start() {
      await counter.take();
      before = { at: performance.now(), calls: await callsServed(mesh), cpu: teams() };
    },
    async add(to, calls) {
      const cpu = teams();
      const ms = performance.now() - before.at;
      const sent = less(await counter.take(), idle, ms / IDLE_MS);
      to.calls += calls;
      to.callsToTeams += (await callsServed(mesh)) - before.calls;
      to.teamsCpuMicros += cpu - before.cpu;
      for (const [service, sum] of byService(sent)) {
        to.statements[service] = (to.statements[service] ?? 0) + sum;
      }
    },
    [Symbol.asyncDispose]: () => counter[Symbol.asyncDispose](),
  };
}

function byService(sent: readonly Statement[]): readonly (readonly [string, number])[] {
  return ['keys', 'teams'].map(
    (name) => [name, totalOf(sent.filter(({ service }) => service === name))] as const,
  );
}

/** How often teams was asked for memberships, as its metrics say. */
async function callsServed({ mesh }: LifeMesh): Promise<number> {
  const text = await (await fetch(mesh.endpoints.teams.metrics)).text();
  const lines = text.split('\n').filter((line) => {
    return line.startsWith('rpc_server_duration') && /_count\{.*ListMemberships/.test(line);
  });
  return lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}

interface Result {
  readonly kind: Kind;
  readonly measured: Measured;
  readonly perCall: PerCall;
}

function resultOf(kind: Kind, rounds: readonly Round[], totals = nothing()): Result {
  const per = (sum: number): number => round2(Math.max(0, sum) / Math.max(1, totals.calls));
  const statements = Object.fromEntries(
    Object.entries(totals.statements).map(([service, sum]) => [service, per(sum)]),
  );
  const { callsToTeams, teamsCpuMicros } = totals;
  return {
    kind,
    measured: summaryOf(NAMES[kind], rounds),
    perCall: {
      ...{ statements, callsToTeams: per(callsToTeams) },
      teamsCpuMicros: Math.round(per(teamsCpuMicros)),
    },
  };
}

function report(results: readonly Result[], { json }: Options): void {
  const rate = (wanted: Kind): number =>
    results.find(({ kind }) => kind === wanted)?.measured.callsPerSecond ?? 0;
  const ratios = results.slice(2).map(({ kind, measured }) => ({
    kind,
    ofBare: round2(measured.callsPerSecond / rate('bare')),
    ofPipeline: round2(measured.callsPerSecond / rate('pipeline')),
  }));
  if (json) {
    console.info(JSON.stringify({ bench: 'check', concurrency: CONCURRENCY, results, ratios }));
    return;
  }
  console.info('calls/s, latency, CPU per call; 64 calls in flight from one client process\n');
  for (const { kind, measured } of results) console.info(lineOf(NAMES[kind], measured));
  console.info('\nper call\n');
  for (const { kind, perCall } of results.slice(2)) {
    const { statements, callsToTeams, teamsCpuMicros } = perCall;
    const { ofBare, ofPipeline } = ratios.find((each) => each.kind === kind) ?? {};
    console.info(
      `${NAMES[kind].padEnd(26)}${ofPipeline} of the echo through libs/rpc, ${ofBare} of the bare echo; statements of keys ${statements.keys}, of teams ${statements.teams}; asked teams ${callsToTeams} times (its CPU ${teamsCpuMicros} us)`,
    );
  }
}
