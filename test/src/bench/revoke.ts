import { setTimeout as sleep } from 'node:timers/promises';
import { startReplica } from '../stories/support/replica.js';
import { type Child, startChild } from './child.js';
import { atShare, round2 } from './figures.js';
import { type LifeMesh, startLifeMesh } from './life-mesh.js';
import type { RevokeAnswer, RevokeQuestion } from './revoke-load.js';
import { grantTo, type Subject, type SubjectKind, subjectKinds } from './revoke-subjects.js';

interface Options {
  readonly json: boolean;
  readonly rounds: number;
}

/** A replica of keys, and who calls it all the time. */
interface Replica {
  readonly address: string;
  readonly load: Child<RevokeQuestion, RevokeAnswer>;
}

/** What one round has come to, in milliseconds. */
interface Round {
  /** How long the call took. */
  readonly callMs: number;
  /** From the call's return to the last accepted call, on any replica. Below zero: before it. */
  readonly lastMs: number;
  readonly accepted: number;
}

/** All rounds of one kind. */
interface Result {
  readonly name: string;
  readonly boundMs: number;
  readonly rounds: readonly Round[];
}

/** Callers of each replica that nobody takes anything from. */
const OTHERS = 4;
const PAYLOAD_BYTES = 100;
/** Both replicas have accepted so many calls before anything is taken away. */
const ACCEPTED_BEFORE = 20;
const POLL_MS = 10;

/**
 * Measures how long what was taken away is still good: with callers on two replicas of keys, which
 * never stop, from the return of the call that takes it away to the last call that is accepted.
 *
 * Replicas, callers and whoever takes away are processes of their own, on one clock.
 */
export async function benchRevoke({ json, rounds }: Options): Promise<void> {
  await using mesh = await startLifeMesh();
  await using second = await startReplica(mesh, 'keys');
  await using here: Replica['load'] & AsyncDisposable = startChild('revoke-load.js');
  await using there: Replica['load'] & AsyncDisposable = startChild('revoke-load.js');
  const replicas = [
    { address: mesh.mesh.endpoints.keys.address, load: here },
    { address: second.address, load: there },
  ];
  await callBeside(mesh, replicas);
  const results: Result[] = [];
  for (const kind of await subjectKinds(mesh)) {
    // The first ones warm up.
    for (let nth = 0; nth < 2; nth += 1) await takeAway(kind, replicas);
    const done: Round[] = [];
    while (done.length < rounds) done.push(await takeAway(kind, replicas));
    results.push({ name: kind.name, boundMs: kind.boundMs, rounds: done });
    if (!json) report(results.slice(-1));
  }
  if (json) console.info(JSON.stringify({ bench: 'revoke', results }));
}

async function callBeside(mesh: LifeMesh, replicas: readonly Replica[]): Promise<void> {
  for (const { address, load } of replicas) {
    const order = { kind: 'sign', address, payloadBytes: PAYLOAD_BYTES } as const;
    const callers = [];
    while (callers.length < OTHERS) callers.push((await grantTo(mesh, mesh.userId)).caller);
    await load.ask({ ask: 'beside', order, callers });
  }
}

async function takeAway(kind: SubjectKind, replicas: readonly Replica[]): Promise<Round> {
  const subject = await kind.make();
  const refused = replicas.map((replica) => untilRefused(replica, subject));
  for (const { load } of replicas) {
    while ((await load.ask({ ask: 'count' })).accepted < ACCEPTED_BEFORE) await sleep(POLL_MS);
  }
  const before = monotonicMs();
  await subject.revoke();
  const returned = monotonicMs();
  const answers = await Promise.all(refused);
  const last = Math.max(...answers.map(({ lastAcceptedAt }) => lastAcceptedAt));
  return {
    callMs: returned - before,
    lastMs: last - returned,
    accepted: answers.reduce((sum, { accepted }) => sum + accepted, 0),
  };
}

function untilRefused({ address, load }: Replica, { kind, caller }: Subject) {
  const order = { kind, address, payloadBytes: PAYLOAD_BYTES };
  return load.ask({ ask: 'until refused', order, caller });
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function report(results: readonly Result[]): void {
  for (const { name, boundMs, rounds } of results) {
    const worst = Math.max(...rounds.map(({ lastMs }) => lastMs));
    const verdict = worst <= boundMs ? 'met' : 'missed';
    const accepted = rounds.reduce((sum, round) => sum + round.accepted, 0);
    console.info(`${name}: ${rounds.length} rounds, ${accepted} calls accepted
  the call took               ${spread(rounds.map(({ callMs }) => callMs))}
  its return to the last one  ${spread(rounds.map(({ lastMs }) => lastMs))}  (bound <= ${boundMs} ms: ${verdict})`);
  }
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const shares = [0, 0.5, 0.9, 1].map((share) => round2(atShare(sorted, share)));
  return `least ${shares[0]}, p50 ${shares[1]}, p90 ${shares[2]}, most ${shares[3]} ms`;
}
