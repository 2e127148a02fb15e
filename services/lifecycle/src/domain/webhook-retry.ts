/** How the attempts of a webhook have gone of late. */
export interface WebhookCircuit {
  /** Failures since a success, each of another line than the one before. */
  readonly failures: number;
  /** The line that failed last. */
  readonly failedLine: string;
  /** How often it was paused since a success. */
  readonly pauses: number;
  /** What was under way when it was paused may still fail, and pauses it no longer. */
  readonly isPaused: boolean;
}

/** What follows from a failure: perhaps a pause of the whole webhook. */
export interface AfterFailure extends Omit<WebhookCircuit, 'isPaused'> {
  readonly pauseMs: number;
}

const FIRST_RETRY_MS = 2_000;
const FIRST_PAUSE_MS = 30_000;
const MAX_WAIT_MS = 60 * 60_000;

/**
 * How many failures in a row pause a webhook.
 *
 * One clone whose events are refused says nothing of the receiver: it takes failures of different
 * clones in turn.
 */
const FAILURES_TO_PAUSE = 5;

/** How a webhook is before anything has failed. */
export const CLOSED: WebhookCircuit = { failures: 0, failedLine: '', pauses: 0, isPaused: false };

/** How long to wait before the next attempt, after so many. `luck`, from 0 to 1, spreads retries. */
export function retryMs(attempts: number, luck: number): number {
  return spread(doubled(FIRST_RETRY_MS, attempts - 1), luck);
}

/** The circuit after a failure in a line. While it was open, each failure pauses longer. */
export function afterFailure(circuit: WebhookCircuit, line: string, luck: number): AfterFailure {
  const isSame = circuit.failedLine === line;
  const isProbe = isFailing(circuit);
  const failures = isSame ? circuit.failures : circuit.failures + 1;
  const opens = !circuit.isPaused && (isProbe || failures >= FAILURES_TO_PAUSE);
  return {
    failures,
    failedLine: line,
    pauses: opens ? circuit.pauses + 1 : circuit.pauses,
    pauseMs: opens ? spread(doubled(FIRST_PAUSE_MS, circuit.pauses), luck) : 0,
  };
}

/** Tells whether a webhook has failed so often that one request at a time has to do. */
export function isFailing({ failures }: WebhookCircuit): boolean {
  return failures >= FAILURES_TO_PAUSE;
}

function doubled(firstMs: number, times: number): number {
  return Math.min(firstMs * 2 ** Math.min(times, 30), MAX_WAIT_MS);
}

/** From half of it to all of it, so that what failed together does not come together again. */
function spread(ms: number, luck: number): number {
  return Math.round(ms * (0.5 + luck / 2));
}
