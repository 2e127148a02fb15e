import type { ChildProcess } from 'node:child_process';
import type { Clock } from '@ramet/service';
import type { Port } from '../ports.js';
import type { ProbeSpec } from '../setup.js';
import { checkCommand, checkHttp, checkTcp } from './checks.js';
import { type Finding, type HealthState, isNews, probed, UNKNOWN, type Verdict } from './health.js';

interface Needs {
  readonly ports: readonly Port[];
  readonly clock: Clock;
  /** Starts a command as the workload's, and as apart as that is. */
  readonly spawn: (command: readonly string[]) => ChildProcess | undefined;
  /** Told of every verdict; `isNews` if it turned. */
  readonly onVerdict: (verdict: Verdict, isNews: boolean) => void;
}

/** Probes a workload until the signal aborts. Nothing that it started runs when this returns. */
export async function probe(spec: ProbeSpec, needs: Needs, signal: AbortSignal): Promise<void> {
  const { clock, onVerdict } = needs;
  let state: HealthState = UNKNOWN;
  while (!signal.aborted) {
    const finding = await timed(spec, needs, signal);
    if (signal.aborted) return;
    const next = probed(state, finding, spec.failures);
    if (next.verdict) onVerdict(next.verdict, isNews(state.verdict, next.verdict));
    state = next;
    await clock.sleep(spec.periodMs, signal);
  }
}

async function timed(spec: ProbeSpec, needs: Needs, signal: AbortSignal): Promise<Finding> {
  const limit = new AbortController();
  const stop = () => limit.abort();
  signal.addEventListener('abort', stop, { once: true });
  const cancel = needs.clock.after(spec.timeoutMs, stop);
  try {
    const finding = await check(spec, needs, limit.signal);
    return limit.signal.aborted
      ? { isWell: false, message: `no answer within ${spec.timeoutMs} ms` }
      : finding;
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
  }
}

function check({ check: what }: ProbeSpec, needs: Needs, signal: AbortSignal): Promise<Finding> {
  switch (what.kind) {
    case 'http': {
      const { scheme, number } = portOf(needs.ports, what.port);
      return checkHttp({ scheme, port: number, path: what.path }, signal);
    }
    case 'tcp':
      return checkTcp(portOf(needs.ports, what.port).number, signal);
    case 'command': {
      const child = needs.spawn(what.command);
      return child
        ? checkCommand(child, signal)
        : Promise.resolve({ isWell: false, message: 'the workload is not up yet' });
    }
  }
}

function portOf(ports: readonly Port[], name: string): Port {
  const port = ports.find((each) => each.name === name);
  if (!port) throw new Error(`no such port: ${name}`);
  return port;
}
