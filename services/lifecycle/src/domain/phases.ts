/** How far a clone can be. The words of `ramet.lifecycle.v1.ClonePhase`. */
export const PHASES = [
  'ACCEPTED',
  'PREPARING',
  'PROVISIONING',
  'RUNNING',
  'UPDATING',
  'STOPPING',
  'SUSPENDING',
  'SUSPENDED',
  'RESUMING',
  'FINALIZING',
  'COMPLETED',
  'STOPPED',
  'FAILED',
  'ARCHIVING',
  'ARCHIVED',
  'RESTORING',
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
  'next',
  'ended',
  'fail',
  'stop',
  'halt',
  'expire',
  'update',
  'suspend',
  'suspended',
  'resume',
  'archive',
  'archived',
  'restore',
  'return_running',
  'return_suspended',
  'return_completed',
  'return_stopped',
  'return_failed',
  'restart',
  'settle_completed',
  'settle_stopped',
  'settle_failed',
  'delete',
  'removed',
  'give_up',
] as const;

export type PhaseEvent = (typeof EVENTS)[number];

/**
 * What follows what: every phase with every event.
 *
 * A pair that gives the same phase changes nothing, and `null` is a pair that must never be asked
 * for. Rest phases are latches: only what users or policy want leads out of them. Drawn in
 * docs/clone-phases.md.
 *
 * `halt` ends a workload so that the stages that always run can still run; `stop` ends all.
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
    next: 'PROVISIONING',
    ended: 'FINALIZING',
    fail: 'FINALIZING',
    stop: 'FINALIZING',
    halt: 'STOPPING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  RUNNING: {
    ...nothing(),
    started: 'RUNNING',
    next: 'PROVISIONING',
    ended: 'FINALIZING',
    stop: 'STOPPING',
    halt: 'STOPPING',
    expire: 'FINALIZING',
    update: 'UPDATING',
    suspend: 'SUSPENDING',
    archive: 'ARCHIVING',
    delete: 'DELETING',
  },
  UPDATING: {
    ...nothing(),
    started: 'RUNNING',
    next: 'UPDATING',
    ended: 'FINALIZING',
    fail: 'FINALIZING',
    stop: 'FINALIZING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  STOPPING: {
    ...nothing(),
    started: 'STOPPING',
    next: 'PROVISIONING',
    ended: 'FINALIZING',
    stop: 'STOPPING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  SUSPENDING: {
    ...nothing(),
    suspended: 'SUSPENDED',
    return_running: 'RUNNING',
    delete: 'DELETING',
  },
  SUSPENDED: {
    ...nothing(),
    resume: 'RESUMING',
    archive: 'ARCHIVING',
    delete: 'DELETING',
  },
  RESUMING: {
    ...nothing(),
    started: 'RUNNING',
    next: 'RESUMING',
    ended: 'FINALIZING',
    fail: 'FINALIZING',
    stop: 'FINALIZING',
    halt: 'STOPPING',
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
  COMPLETED: atRest('COMPLETED'),
  STOPPED: atRest('STOPPED'),
  FAILED: atRest('FAILED'),
  ARCHIVING: {
    ...nothing(),
    archived: 'ARCHIVED',
    return_running: 'RUNNING',
    return_suspended: 'SUSPENDED',
    return_completed: 'COMPLETED',
    return_stopped: 'STOPPED',
    return_failed: 'FAILED',
    delete: 'DELETING',
  },
  ARCHIVED: { ...nothing(), restore: 'RESTORING', delete: 'DELETING' },
  RESTORING: {
    ...nothing(),
    started: 'RUNNING',
    next: 'RESTORING',
    ended: 'FINALIZING',
    fail: 'FINALIZING',
    stop: 'FINALIZING',
    halt: 'STOPPING',
    expire: 'FINALIZING',
    delete: 'DELETING',
  },
  DELETING: { ...nothing(), expire: 'CLEANUP_FAILED', removed: 'DELETED', delete: 'DELETING' },
  CLEANUP_FAILED: {
    ...nothing(),
    expire: 'DELETING',
    delete: 'DELETING',
    give_up: 'DELETED',
  },
  DELETED: { ...nothing(), delete: 'DELETED' },
};

function atRest(phase: Phase): Record<PhaseEvent, Phase | null> {
  return {
    ...nothing(),
    stop: phase,
    restart: 'PREPARING',
    archive: 'ARCHIVING',
    delete: 'DELETING',
  };
}

function nothing(): Record<PhaseEvent, null> {
  return Object.fromEntries(EVENTS.map((event) => [event, null])) as Record<PhaseEvent, null>;
}

/** Where a clone stays until a user wants something else of it. */
export const REST_PHASES = [
  'COMPLETED',
  'STOPPED',
  'FAILED',
  'SUSPENDED',
  'ARCHIVED',
  'DELETED',
] as const satisfies readonly Phase[];

type RestPhase = (typeof REST_PHASES)[number];

/** The phases of a clone that has ended, and may be restarted. */
export const ENDED_PHASES: readonly Phase[] = ['COMPLETED', 'STOPPED', 'FAILED'];

/** The phases in which a clone starts what it had before, or its next release. */
export const RESTART_PHASES: readonly Phase[] = ['UPDATING', 'RESUMING', 'RESTORING'];

/** The phases in which an execution's runner is listened to. */
export const LIVE_PHASES: readonly Phase[] = [
  'PROVISIONING',
  'RUNNING',
  'UPDATING',
  'STOPPING',
  'SUSPENDING',
  'RESUMING',
  'ARCHIVING',
  'RESTORING',
  'FINALIZING',
];

/** The phases in which an execution may go on signing: in no other are its grants renewed. */
export const SIGNING_PHASES: readonly Phase[] = [
  'PREPARING',
  ...LIVE_PHASES.filter((phase) => phase !== 'FINALIZING'),
];

/** Tells whether a clone stays in this phase by itself. */
export function isAtRest(phase: Phase): boolean {
  return (REST_PHASES as readonly Phase[]).includes(phase);
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
export type DeadlinePhase = Exclude<Phase, RestPhase>;

/**
 * The deadlines that hold unless a test says otherwise, in milliseconds.
 *
 * For RUNNING, STOPPING and SUSPENDING they come on top of the clone's own run time and grace: the
 * executor enforces those, and then the runner has 5 minutes to send results. What starts has the
 * time that its policy gives, where that says. For CLEANUP_FAILED it is the time until the next try.
 */
export const DEADLINES: Deadlines = {
  ACCEPTED: 5 * 60_000,
  PREPARING: 2 * 60_000,
  PROVISIONING: 10 * 60_000,
  RUNNING: 6 * 60_000,
  UPDATING: 10 * 60_000,
  STOPPING: 6 * 60_000,
  SUSPENDING: 6 * 60_000,
  RESUMING: 10 * 60_000,
  ARCHIVING: 10 * 60_000,
  RESTORING: 10 * 60_000,
  FINALIZING: 10 * 60_000,
  DELETING: 10 * 60_000,
  CLEANUP_FAILED: 5 * 60_000,
};
