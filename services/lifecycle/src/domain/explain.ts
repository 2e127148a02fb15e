import { type Cause, type CauseCode, causeOf } from './causes.js';
import { isCleanupPending } from './changes.js';
import type { Circumstances } from './circumstances.js';
import { type Clone, later } from './clone.js';
import { besides, endCauses, shortageCauses, unique } from './explain-ends.js';
import { awayCauses, failureOf, setBack } from './explain-peers.js';
import { GRACE_MS, stageLimits } from './move.js';
import { hasEnded, isGone } from './outcome.js';
import { isAtRest } from './phases.js';
import { activeStage, running } from './run.js';
import { overAt } from './signing.js';

/**
 * Why a clone is as it is: what it does or waits for, and under it what has caused that.
 *
 * Pure: the same clone and circumstances give the same causes. Every code is in docs/explain.md.
 */
export function explain(clone: Clone, around: Circumstances): Cause {
  const root = rootOf(clone, around);
  return { ...root, causes: unique([...root.causes, ...besides(clone)], root.code) };
}

function rootOf(clone: Clone, around: Circumstances): Cause {
  const isLeft = clone.phase === 'RUNNING' || clone.phase === 'CLEANUP_FAILED';
  const isOver = isAtRest(clone.phase) && !isToGoOn(clone);
  if (isLeft || isOver) return stateOf(clone, around);
  const why = setBack(clone, around);
  const waiting = isOver ? undefined : waitOf(clone, around);
  const root = why ?? waiting ?? plain('IN_PROGRESS', clone);
  const beside = why && waiting && waiting.code !== 'IN_PROGRESS' ? [waiting] : [];
  const causes = [...root.causes, ...beside, ...awayCauses(clone, around, root)];
  return { ...root, causes: [...causes, ...endCauses(clone, around)] };
}

/** Tells whether a clone at rest is about to leave it. */
function isToGoOn(clone: Clone): boolean {
  const { phase, desired, restart } = clone;
  if (phase === 'DELETED') return false;
  if (desired === 'DELETED' || restart || isCleanupPending(clone)) return true;
  switch (phase) {
    case 'SUSPENDED':
      return desired === 'RUNNING' || desired === 'ARCHIVED';
    case 'ARCHIVED':
      return desired === 'RUNNING';
    default:
      return desired === 'ARCHIVED';
  }
}

/** What a clone is that waits for nobody. */
function stateOf(clone: Clone, around: Circumstances): Cause {
  switch (clone.phase) {
    case 'RUNNING':
      return runningState(clone, around);
    case 'CLEANUP_FAILED': {
      const causes = [...endCauses(clone, around), ...awayCauses(clone, around)];
      const untilAt = clone.deadlineAt;
      return plain('CLEANUP_FAILED', clone, { message: clone.message, untilAt, causes });
    }
    case 'SUSPENDED':
    case 'ARCHIVED': {
      const causes = shortageCauses(clone, around);
      return plain(clone.phase, clone, { untilAt: clone.deleteDueAt, causes });
    }
    default:
      return ended(clone, around);
  }
}

function ended(clone: Clone, around: Circumstances): Cause {
  const code = clone.phase as 'COMPLETED' | 'STOPPED' | 'FAILED' | 'DELETED';
  const causes = [...endCauses(clone, around), ...shortageCauses(clone, around)];
  return plain(code, clone, { untilAt: clone.deleteDueAt, causes });
}

function runningState(clone: Clone, around: Circumstances): Cause {
  const { health } = around;
  const set = setBack(clone, around);
  const causes = [...(set ? [set] : []), ...awayCauses(clone, around, set)];
  if (clone.desired !== 'RUNNING') return plain('IN_PROGRESS', clone, { causes });
  const told = clone.conditions.find(({ type }) => type === 'UNAVAILABLE');
  const isUnwell = health ? !health.ready : told !== undefined;
  if (!isUnwell) return plain('RUNNING_WELL', clone, { causes, untilAt: overAt(clone) });
  return causeOf('UNAVAILABLE', {
    subject: clone.execution?.id ?? clone.id,
    message: health?.message || told?.message || '',
    sinceAt: health?.sinceAt ?? told?.sinceAt,
    causes,
  });
}

/** What a clone on its way waits for, as far as it is not its reconciler. */
function waitOf(clone: Clone, around: Circumstances): Cause | undefined {
  switch (clone.phase) {
    case 'PREPARING':
      return keyWait(clone, around);
    case 'PROVISIONING':
    case 'UPDATING':
    case 'RESUMING':
    case 'RESTORING':
      return activeStage(clone) ? startWait(clone, around) : graceWait(clone, around);
    case 'STOPPING':
    case 'SUSPENDING':
    case 'FINALIZING':
      return graceWait(clone, around);
    case 'ARCHIVING':
    case 'DELETING':
      return graceWait(clone, around) ?? removalWait(clone, around);
    default:
      return undefined;
  }
}

function keyWait(clone: Clone, { key }: Circumstances): Cause | undefined {
  if (key === 'taken') return causeOf('KEY_IN_USE', { subject: clone.keyId });
  return key === 'away' ? causeOf('KEYS_AWAY', { subject: clone.keyId }) : undefined;
}

function startWait(clone: Clone, around: Circumstances): Cause | undefined {
  const { workload, claimedAt, now } = around;
  const { execution } = clone;
  if (!execution || workload === 'away') return undefined;
  if (execution.notBefore && execution.notBefore > now) return backOff(clone, around);
  if (workload && workload !== 'none' && hasEnded(workload)) return undefined;

  const isProbed = running(clone).stages.some(({ name, probe }) => {
    return name === execution.stage && probe !== undefined;
  });
  const isSeen = claimedAt ?? execution.startedAt;
  if (!isSeen) {
    const isMade = workload !== undefined && workload !== 'none';
    if (!isMade) return undefined;
    return causeOf('WAITING_FOR_CLAIM', { subject: execution.id, sinceAt: execution.createdAt });
  }
  return isProbed ? probeWait(clone, around) : undefined;
}

function probeWait(clone: Clone, { health, claimedAt }: Circumstances): Cause | undefined {
  if (health?.ready) return undefined;
  return causeOf('WAITING_FOR_PROBE', {
    subject: clone.execution?.id ?? clone.id,
    message: health?.message || 'its probe has not been tried yet',
    sinceAt: claimedAt ?? clone.execution?.startedAt,
    untilAt: clone.deadlineAt,
  });
}

function backOff(clone: Clone, { lastOutcome }: Circumstances): Cause {
  const { stage = '', createdAt, notBefore } = clone.execution ?? {};
  const causes = lastOutcome ? [failureOf(clone, lastOutcome)] : [];
  return causeOf('BACK_OFF', { subject: stage, sinceAt: createdAt, untilAt: notBefore, causes });
}

/** Its workload has its grace, if it is known to be still there. */
function graceWait(clone: Clone, { workload }: Circumstances): Cause | undefined {
  const { execution } = clone;
  if (!execution || execution.outcome || !workload || workload === 'away') return undefined;
  if (hasEnded(workload)) return undefined;
  const { graceMs = GRACE_MS } = stageLimits(clone);
  return causeOf('WAITING_FOR_GRACE', {
    subject: execution.id,
    sinceAt: clone.phaseAt,
    untilAt: later(clone.phaseAt, graceMs),
  });
}

function removalWait(clone: Clone, { workload }: Circumstances): Cause | undefined {
  if (!workload || workload === 'away' || isGone(workload)) return undefined;
  const subject = clone.execution?.id ?? clone.id;
  return causeOf('WAITING_FOR_REMOVAL', { subject, sinceAt: clone.phaseAt });
}

function plain(code: CauseCode, clone: Clone, more: Partial<Cause> = {}): Cause {
  return causeOf(code, { subject: clone.id, sinceAt: clone.phaseAt, ...more });
}
