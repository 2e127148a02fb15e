import { type Cause, type CauseCode, causeOf, isCauseCode } from './causes.js';
import type { Circumstances } from './circumstances.js';
import type { Clone } from './clone.js';
import { isAway, type Problem } from './problem.js';

/** A replica takes what is due within moments: what waits for longer is not taken. */
const LATE_MS = 15_000;

/** Why the reconciler of a clone does not go on with it now. Undefined: it does. */
export function setBack(clone: Clone, around: Circumstances): Cause | undefined {
  const { now, dueAt, problem } = around;
  if (dueAt && now.getTime() - dueAt.getTime() > LATE_MS) {
    return causeOf('RECONCILER_LATE', { subject: clone.id, sinceAt: dueAt });
  }
  if (!problem) return undefined;
  const behind = peerCause(clone, problem);
  return causeOf('RETRYING', {
    subject: clone.id,
    // What a service of ours says of its own failure is for its log alone.
    message: behind ? `${behind.message} (tried ${around.attempt} times)` : '',
    untilAt: dueAt,
    causes: behind ? [behind] : [],
  });
}

/** Peers that were away or refused when asked for this very answer, unless a cause says so already. */
export function awayCauses(clone: Clone, around: Circumstances, told?: Cause): readonly Cause[] {
  const { workload, key } = around;
  const known = [told?.code, ...(told?.causes ?? []).map(({ code }) => code)];
  const away: Cause[] = [];
  if (workload === 'away') {
    away.push(causeOf('EXECUTOR_AWAY', { subject: clone.execution?.id ?? clone.id }));
  }
  if (key === 'away') away.push(causeOf('KEYS_AWAY', { subject: clone.keyId }));
  return [...away, ...refusedCauses(clone, around)].filter(({ code }) => !known.includes(code));
}

/** Peers that have refused to say what this answer needs. */
export function refusedCauses(clone: Clone, { refusals = [] }: Circumstances): readonly Cause[] {
  return refusals.flatMap((problem) => peerCause(clone, problem) ?? []);
}

const AWAY: Readonly<Record<string, CauseCode>> = {
  keys: 'KEYS_AWAY',
  teams: 'TEAMS_AWAY',
  executor: 'EXECUTOR_AWAY',
  host: 'HOST_AWAY',
};

const REFUSED: Readonly<Record<string, CauseCode>> = {
  keys: 'KEYS_REFUSED',
  teams: 'TEAMS_REFUSED',
  executor: 'EXECUTOR_REFUSED',
  host: 'EXECUTOR_REFUSED',
};

/** The peer that a problem comes from. Undefined: it comes from this service itself. */
export function peerCause(clone: Clone, problem: Problem): Cause | undefined {
  const code = isAway(problem) ? AWAY[problem.peer] : REFUSED[problem.peer];
  return code && causeOf(code, { subject: subjectOf(code, clone), message: problem.message });
}

/** What peers say when they refuse for good, and how an execution could not be, by its reason. */
const BY_REASON: Readonly<Record<string, CauseCode>> = {
  HOST_UNAVAILABLE: 'HOST_AWAY',
  KEY_NOT_FOUND: 'KEYS_REFUSED',
  GRANT_NOT_FOUND: 'KEYS_REFUSED',
  GRANT_REVOKED: 'KEYS_REFUSED',
  GRANT_EXPIRED: 'KEYS_REFUSED',
  GRANT_USED_UP: 'KEYS_REFUSED',
};

/** Reasons that say how a clone was put down, and not what went wrong. */
const NO_FAILURE = ['', 'REPLACED', 'SUSPENDED', 'ARCHIVED', 'DELETED'];

/** Tells whether a reason is one of a failure, or of a stop. */
export function isTelling(reason: string): boolean {
  return !NO_FAILURE.includes(reason);
}

/** The cause that a reason of an outcome or a refusal is. What is not known was the executor's. */
export function failureOf(
  clone: Clone,
  { reason, message }: { readonly reason: string; readonly message: string },
): Cause {
  const code = BY_REASON[reason] ?? (isCauseCode(reason) ? reason : 'EXECUTOR_REFUSED');
  return causeOf(code, { subject: subjectOf(code, clone), message });
}

function subjectOf(code: CauseCode, clone: Clone): string {
  const isAboutKey = ['KEYS_AWAY', 'KEYS_REFUSED', 'KEY_IN_USE'].includes(code) && clone.keyId;
  return isAboutKey || (clone.execution?.id ?? clone.id);
}
