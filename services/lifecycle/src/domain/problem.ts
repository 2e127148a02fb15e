/** What went wrong when a peer was asked, as it is kept with a clone's work. */
export interface Problem {
  /** Who failed: a service, `host` behind the executor, or `lifecycle` itself. */
  readonly peer: string;
  /** The status, such as `UNAVAILABLE`. */
  readonly code: string;
  /** The stable name of the failure. Empty: it came from the transport. */
  readonly reason: string;
  readonly message: string;
}

/** What is told of a failure of this service itself: what it was is for its log alone. */
export const OWN_FAILURE = 'an internal error: see the logs by trace';

/** What is told of a peer that no answer of its own came from: addresses are for the log alone. */
export const NO_ANSWER = 'it gave no answer: see the logs by trace';

const FORM = /^([a-z]+) ([A-Z_]+)(?: ([A-Z0-9_]+))?: (.*)$/s;

/** What is kept of a failure, for people to read. */
const MAX_PROBLEM = 500;

/** A problem as text: `PEER CODE REASON: message`. */
export function writeProblem({ peer, code, reason, message }: Problem): string {
  const words = [peer, code, reason].filter((word) => word !== '').join(' ');
  return `${words}: ${message}`.slice(0, MAX_PROBLEM);
}

/** The problem that a text is, or undefined for a text that is none. */
export function readProblem(text: string): Problem | undefined {
  const [, peer, code, reason = '', message] = FORM.exec(text) ?? [];
  if (peer === undefined || code === undefined || message === undefined) return undefined;
  return { peer, code, reason, message };
}

const AWAY = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED'];

/** Tells whether a peer did not answer, or said itself that it cannot now. */
export function isAway({ code }: Problem): boolean {
  return AWAY.includes(code);
}
