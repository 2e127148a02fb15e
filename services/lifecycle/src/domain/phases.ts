/** How far a clone can be. The words of `ramet.lifecycle.v1.ClonePhase`. */
export const PHASES = [
  'ACCEPTED',
  'PREPARING',
  'PROVISIONING',
  'RUNNING',
  'STOPPING',
  'FINALIZING',
  'COMPLETED',
  'STOPPED',
  'FAILED',
  'DELETING',
  'CLEANUP_FAILED',
  'DELETED',
] as const;

export type Phase = (typeof PHASES)[number];

/** What can happen to a clone, as far as its phase is concerned. */
export const EVENTS = [
  'begin',
  'prepared',
  'started',
  'ended',
  'fail',
  'stop',
  'expire',
  'settle_completed',
  'settle_stopped',
  'settle_failed',
  'delete',
  'removed',
] as const;

export type PhaseEvent = (typeof EVENTS)[number];

/**
 * What follows what: every phase with every event.
 *
 * A pair that gives the same phase changes nothing, and `null` is a pair that must never be asked
 * for. Rest phases are latches: only a delete leads out of them. Drawn in docs/clone-phases.md.
 */
export const TRANSITIONS: Readonly<Record<Phase, Readonly<Record<PhaseEvent, Phase | null>>>> = {
  ACCEPTED: {
    ...nothing(),
    begin: 'PREPARING',
    stop: 'FINALIZING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  PREPARING: {
    ...nothing(),
    prepared: 'PROVISIONING',
    fail: 'FINALIZING',
    stop: 'FINALIZING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  PROVISIONING: {
    ...nothing(),
    started: 'RUNNING',
    ended: 'FINALIZING',
    fail: 'FINALIZING',
    stop: 'FINALIZING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  RUNNING: {
    ...nothing(),
    started: 'RUNNING',
    ended: 'FINALIZING',
    stop: 'STOPPING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  STOPPING: {
    ...nothing(),
    started: 'STOPPING',
    ended: 'FINALIZING',
    stop: 'STOPPING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  FINALIZING: {
    ...nothing(),
    ended: 'FINALIZING',
    stop: 'FINALIZING',
    expire: 'FAILED',
    settle_completed: 'COMPLETED',
    settle_stopped: 'STOPPED',
    settle_failed: 'FAILED',
    delete: 'DELETING',
  },
  COMPLETED: { ...nothing(), stop: 'COMPLETED', delete: 'DELETING' },
  STOPPED: { ...nothing(), stop: 'STOPPED', delete: 'DELETING' },
  FAILED: { ...nothing(), stop: 'FAILED', delete: 'DELETING' },
  DELETING: { ...nothing(), expire: 'CLEANUP_FAILED', removed: 'DELETED', delete: 'DELETING' },
  CLEANUP_FAILED: { ...nothing(), expire: 'DELETING', delete: 'DELETING' },
  DELETED: { ...nothing(), delete: 'DELETED' },
};

function nothing(): Record<PhaseEvent, null> {
  return Object.fromEntries(EVENTS.map((event) => [event, null])) as Record<PhaseEvent, null>;
}

/** Where a clone stays until a user wants something else of it. */
export const REST_PHASES: readonly Phase[] = ['COMPLETED', 'STOPPED', 'FAILED', 'DELETED'];

/** The phases in which an execution's runner is listened to. */
export const LIVE_PHASES: readonly Phase[] = ['PROVISIONING', 'RUNNING', 'STOPPING'];

/** Tells whether a clone stays in this phase by itself. */
export function isAtRest(phase: Phase): boolean {
  return REST_PHASES.includes(phase);
}

/** The phase after an event. Throws for a pair that must never be asked for. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  const next = TRANSITIONS[phase][event];
  if (next === null) throw new Error(`a clone that is ${phase} cannot ${event}`);
  return next;
}

/** How long a clone may be in each phase that it has to leave. */
export type Deadlines = Readonly<Record<DeadlinePhase, number>>;

/** The phases with a deadline of their own. A running clone's comes from its limits. */
export type DeadlinePhase = Exclude<Phase, 'COMPLETED' | 'STOPPED' | 'FAILED' | 'DELETED'>;

/**
 * The deadlines that hold unless a test says otherwise, in milliseconds.
 *
 * For RUNNING and STOPPING they come on top of the clone's own run time and grace: the executor
 * enforces those, and this is what holds if it does not. For CLEANUP_FAILED it is the time until
 * the next try.
 */
export const DEADLINES: Deadlines = {
  ACCEPTED: 5 * 60_000,
  PREPARING: 2 * 60_000,
  PROVISIONING: 10 * 60_000,
  RUNNING: 60_000,
  STOPPING: 60_000,
  FINALIZING: 10 * 60_000,
  DELETING: 10 * 60_000,
  CLEANUP_FAILED: 5 * 60_000,
};
