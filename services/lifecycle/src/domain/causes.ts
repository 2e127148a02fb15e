/** What a code of a cause means, and what would end it where nothing more is known. */
interface CodeWords {
  readonly meaning: string;
  /** Empty: nothing has to be done. */
  readonly unblockedBy: string;
}

/** All codes that a cause can have. Stable: programs may depend on them. In docs/explain.md. */
export const CAUSES = {
  // How a clone is.
  IN_PROGRESS: {
    meaning: 'The service is at it: the next step takes moments.',
    unblockedBy: '',
  },
  RUNNING_WELL: { meaning: 'Its workload runs.', unblockedBy: '' },
  UNAVAILABLE: {
    meaning: 'Its workload runs, and its probe fails.',
    unblockedBy: 'the probe succeeds again; see the logs of the clone',
  },
  COMPLETED: { meaning: 'Its workload has done its work.', unblockedBy: '' },
  STOPPED: { meaning: 'It was stopped.', unblockedBy: 'RestartClone' },
  FAILED: {
    meaning: 'It did not end well. The cause below it says why.',
    unblockedBy: 'RestartClone',
  },
  SUSPENDED: { meaning: 'It was suspended: nothing runs.', unblockedBy: 'ResumeClone' },
  ARCHIVED: { meaning: 'It was archived: only its storage is kept.', unblockedBy: 'RestoreClone' },
  DELETED: { meaning: 'It was deleted, and nothing of it is left.', unblockedBy: '' },
  CLEANUP_FAILED: {
    meaning: 'Not everything of it could be removed. That is tried again by itself.',
    unblockedBy: 'DeleteClone tries at once; an admin may force it',
  },

  // What it waits for.
  WAITING_FOR_CLAIM: {
    meaning: 'Its workload is made, and no runner has claimed it yet.',
    unblockedBy: 'its host starts the workload',
  },
  WAITING_FOR_PROBE: {
    meaning: 'Its workload runs, and its probe has not succeeded yet.',
    unblockedBy: 'the probe succeeds',
  },
  WAITING_FOR_GRACE: {
    meaning: 'Its workload was asked to end, and has its grace to do so.',
    unblockedBy: 'the workload ends',
  },
  WAITING_FOR_REMOVAL: {
    meaning: 'Its workload has ended, and is being removed.',
    unblockedBy: 'its host has removed the workload',
  },
  BACK_OFF: {
    meaning: 'A stage has failed and is tried again after a pause.',
    unblockedBy: 'the pause is over',
  },
  RETRYING: {
    meaning: 'The last step went wrong and is tried again after a pause.',
    unblockedBy: 'what is below it ends',
  },
  RECONCILER_LATE: {
    meaning: 'It has been due for long, and no replica of the service has taken it.',
    unblockedBy: 'a replica of lifecycle that reconciles has room',
  },
  DEADLINE: {
    meaning: 'It has to leave its phase by then.',
    unblockedBy: '',
  },

  // Who stands in the way.
  KEYS_AWAY: { meaning: 'The keys service cannot be asked.', unblockedBy: 'keys is back' },
  TEAMS_AWAY: { meaning: 'The teams service cannot be asked.', unblockedBy: 'teams is back' },
  EXECUTOR_AWAY: { meaning: 'The executor cannot be asked.', unblockedBy: 'the executor is back' },
  HOST_AWAY: {
    meaning: 'No host takes its workload: the one that it needs is away, busy or full.',
    unblockedBy: 'the host is back, or has room',
  },
  KEYS_REFUSED: {
    meaning: 'The keys service has refused what was asked of it.',
    unblockedBy: 'another key, or the right to use this one',
  },
  TEAMS_REFUSED: {
    meaning: 'The teams service has refused what was asked of it.',
    unblockedBy: 'the operator of the mesh',
  },
  EXECUTOR_REFUSED: {
    meaning: 'The executor has refused what was asked of it.',
    unblockedBy: 'another source or other limits',
  },
  KEY_IN_USE: {
    meaning: 'Another clone holds its key.',
    unblockedBy: 'the other clone is deleted, or another key is taken',
  },
  QUOTA_EXCEEDED: {
    meaning: "It could not be taken up again now: its owner's quota has no room.",
    unblockedBy: 'other clones of the owner end, or an admin raises the limit',
  },
  SOURCE_UNSUPPORTED: {
    meaning: 'No host can run its source.',
    unblockedBy: 'UpdateClone or a new clone with another source',
  },

  // How its workload ended.
  START_FAILED: {
    meaning: 'Its workload could not be started: its bundle, image or command is missing, for one.',
    unblockedBy: 'the source exists and can be started',
  },
  EXIT_CODE: {
    meaning: 'Its workload ended with an exit code that is not 0.',
    unblockedBy: 'see the logs of the clone',
  },
  SIGNAL: { meaning: 'A signal ended its workload.', unblockedBy: 'see the logs of the clone' },
  OUT_OF_MEMORY: {
    meaning: 'Its workload took more memory than it may.',
    unblockedBy: 'a higher limit',
  },
  DISK_FULL: {
    meaning: 'Its workload took more storage than it may.',
    unblockedBy: 'a higher limit',
  },
  TIMED_OUT: { meaning: 'Its workload ran for as long as it may.', unblockedBy: 'a higher limit' },
  REPORTED: {
    meaning: 'Its workload has said itself that it failed.',
    unblockedBy: 'see the logs of the clone',
  },
  EXITED: {
    meaning: 'Its workload ended, and is to run for as long as the clone lives.',
    unblockedBy: 'see the logs of the clone',
  },
  INTERRUPTED: { meaning: 'Its host ended its workload.', unblockedBy: 'RestartClone' },
  LOST: { meaning: 'Nobody saw how its workload ended.', unblockedBy: 'RestartClone' },
  NOT_STARTED: { meaning: 'Its workload was never started.', unblockedBy: 'RestartClone' },
  STOP_REQUESTED: { meaning: 'Somebody asked to stop it.', unblockedBy: '' },
  DEADLINE_EXCEEDED: {
    meaning: 'It was in a phase for too long.',
    unblockedBy: 'what is below it, if anything is',
  },

  // What is true of it beside that.
  GRANT_REVOKED: {
    meaning: 'Its workload may not sign any more: somebody has revoked that.',
    unblockedBy: 'RestartClone, if its creator may still use the key',
  },
  GRANT_EXPIRED: {
    meaning: 'Its workload may not sign any more: the time for that is over.',
    unblockedBy: 'RestartClone; a new clone where its key_limits say when that is',
  },
  GRANT_ENDING: {
    meaning: 'Its workload may sign, and not for long any more.',
    unblockedBy: 'RestartClone; a new clone where its key_limits say when that is',
  },
  GRANT_USED_UP: {
    meaning: 'Its workload may not sign any more: it has signed as often as it may.',
    unblockedBy: 'RestartClone counts anew; or a new clone with other limits',
  },
  KEY_DISABLED: { meaning: 'Its key is disabled.', unblockedBy: 'EnableKey' },
  KEY_NOT_YET_VALID: {
    meaning: 'The time of its key has not begun.',
    unblockedBy: 'that time; or UpdateKey',
  },
  KEY_EXPIRED: {
    meaning: 'The time of its key is over.',
    unblockedBy: 'UpdateKey with a later end',
  },
  IDLE: { meaning: 'Its workload reported no progress for too long.', unblockedBy: 'RestartClone' },
  EXPIRED: {
    meaning: 'Its time is over: it is deleted when its grace is.',
    unblockedBy: 'ExtendClone, or RestoreClone of an archived one',
  },
  RETENTION_OVER: { meaning: 'It was archived for as long as it may be.', unblockedBy: '' },
  DENIED: {
    meaning: 'It was deleted since its owner is on the deny list.',
    unblockedBy: '',
  },
  FORCED: { meaning: 'An admin deleted it although something may be left.', unblockedBy: '' },
  UPDATE_FAILED: {
    meaning: 'Its last update failed: it runs the release before.',
    unblockedBy: 'an update that starts',
  },
  NOT_PUT_DOWN: {
    meaning: 'It could not be suspended or archived in time.',
    unblockedBy: 'SuspendClone or ArchiveClone again',
  },
  CLEANUP_PENDING: {
    meaning: 'It has ended, and not everything was given back yet.',
    unblockedBy: 'the peer that it waits for is back',
  },
  RESULTS_INCOMPLETE: {
    meaning: 'Not all of its results did arrive.',
    unblockedBy: 'RestartClone makes them anew',
  },
} as const satisfies Readonly<Record<string, CodeWords>>;

export type CauseCode = keyof typeof CAUSES;

/** One cause, and what has caused it. */
export interface Cause {
  readonly code: CauseCode;
  /** The id of what it is about, or the name of a stage or a resource. */
  readonly subject: string;
  readonly message: string;
  readonly sinceAt: Date | undefined;
  readonly unblockedBy: string;
  /** When it ends by itself at the latest. */
  readonly untilAt: Date | undefined;
  readonly causes: readonly Cause[];
}

/** What a cause has beside its code. Its message is what the code means unless said otherwise. */
export type CauseDetails = Partial<Omit<Cause, 'code' | 'subject'>> & Pick<Cause, 'subject'>;

/** A cause with what its code has to say. */
export function causeOf(code: CauseCode, details: CauseDetails): Cause {
  const { meaning, unblockedBy } = CAUSES[code];
  const { message = '', causes = [], ...rest } = details;
  return {
    code,
    sinceAt: undefined,
    untilAt: undefined,
    unblockedBy,
    ...rest,
    message: message || meaning,
    causes,
  };
}

/** Tells whether a word is the code of a cause. */
export function isCauseCode(word: string): word is CauseCode {
  return Object.hasOwn(CAUSES, word);
}
