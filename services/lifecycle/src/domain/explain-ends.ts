import { type Cause, type CauseCode, causeOf, isCauseCode } from './causes.js';
import { problemOfLateness } from './changes.js';
import type { Circumstances } from './circumstances.js';
import type { Clone, Condition } from './clone.js';
import { failureOf, isTelling, peerCause, refusedCauses } from './explain-peers.js';
import { DEADLINE_EXCEEDED } from './outcome.js';
import { readProblem } from './problem.js';

/** The cause of a deletion by the deny list begins with this in the history. */
export const DENIED_BY = 'denied by ';

const DELETION: Readonly<Record<string, CauseCode>> = {
  expired: 'EXPIRED',
  archive_retention: 'RETENTION_OVER',
};

/** Why a clone has ended, is deleted, or could not be. */
export function endCauses(clone: Clone, { deletion }: Circumstances): readonly Cause[] {
  const causes: Cause[] = [];
  if (clone.desired === 'DELETED' && deletion) {
    const isDenial = deletion.cause.startsWith(DENIED_BY);
    const code = isDenial ? 'DENIED' : DELETION[deletion.cause];
    const message = isDenial ? deletion.cause : '';
    const subject = isDenial ? clone.owner.id : clone.id;
    if (code) causes.push(causeOf(code, { subject, message, sinceAt: deletion.at }));
  }
  if (isTelling(clone.reason)) causes.push(reasonCause(clone));
  return causes;
}

/** The word of a clone's reason, with what stood in the way under a deadline that has passed. */
function reasonCause(clone: Clone): Cause {
  const { reason, message } = clone;
  const cause = failureOf(clone, { reason, message });
  if (reason !== DEADLINE_EXCEEDED) return cause;
  const behind = behindOf(clone, problemOfLateness(message));
  return { ...cause, sinceAt: clone.phaseAt, causes: behind };
}

function behindOf(clone: Clone, text: string): readonly Cause[] {
  const problem = readProblem(text);
  const behind = problem && peerCause(clone, problem);
  return behind ? [behind] : [];
}

/** What is true of a clone beside its phase. What a probe found is told by the phase. */
export function besides(clone: Clone): readonly Cause[] {
  const { conditions, deadlineAt, phase } = clone;
  const told = conditions.flatMap((condition) => conditionCause(clone, condition) ?? []);
  if (!deadlineAt || phase === 'CLEANUP_FAILED') return told;
  const deadline = causeOf('DEADLINE', {
    subject: clone.id,
    message: `It has to have left ${phase} by then.`,
    sinceAt: clone.phaseAt,
    untilAt: deadlineAt,
  });
  return [...told, deadline];
}

function conditionCause(clone: Clone, { type, message, sinceAt }: Condition): Cause | undefined {
  if (type === 'UNAVAILABLE' || !isCauseCode(type)) return undefined;
  return causeOf(type, {
    subject: clone.id,
    message,
    sinceAt,
    ...(type === 'EXPIRED' && { untilAt: clone.deleteDueAt }),
    ...(type === 'CLEANUP_PENDING' && { causes: behindOf(clone, message) }),
  });
}

/** Why a clone that rests could not be taken up again now. */
export function shortageCauses(clone: Clone, around: Circumstances): readonly Cause[] {
  const { shortage, key } = around;
  const causes: Cause[] = [...refusedCauses(clone, around)];
  if (key === 'taken') causes.push(causeOf('KEY_IN_USE', { subject: clone.keyId }));
  if (key === 'away') causes.push(causeOf('KEYS_AWAY', { subject: clone.keyId }));
  if (!shortage) return causes;
  const { resource, limit, used, more } = shortage;
  const message = `To run again it needs ${more} more ${resource}: ${used} of ${limit} are used.`;
  return [...causes, causeOf('QUOTA_EXCEEDED', { subject: clone.owner.id, message })];
}

/** Each code once: the first one that says it stays. */
export function unique(causes: readonly Cause[], root: CauseCode): readonly Cause[] {
  const seen = new Set<CauseCode>([root]);
  return causes.filter(({ code }) => {
    const isNew = !seen.has(code);
    seen.add(code);
    return isNew;
  });
}
