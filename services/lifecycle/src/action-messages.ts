import { type Action as ActionMessage, ActionOutcome } from '@ramet/proto-gen/lifecycle.v1';
import { toDuration } from './duration-messages.js';
import { toOwnerMessage } from './messages.js';

const OUTCOME = {
  RUNNING: ActionOutcome.RUNNING,
  SUCCEEDED: ActionOutcome.SUCCEEDED,
  FAILED: ActionOutcome.FAILED,
  SUPERSEDED: ActionOutcome.SUPERSEDED,
} as const;

/** Something that somebody did to a clone, as it is kept. */
interface Kept {
  readonly id: string;
  readonly cloneId: string;
  readonly cloneName: string;
  readonly ownerId: string;
  readonly name: string;
  readonly actor: string;
  readonly reason: string;
  readonly parameters: object;
  readonly seq: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: keyof typeof OUTCOME;
  readonly message: string;
  readonly trace: string;
}

/** An action, as the API shows it. */
export function toActionMessage(action: Kept): ActionMessage {
  const { id, cloneId, cloneName, ownerId, name, actor, reason, seq, message } = action;
  const { startedAt, endedAt, parameters, outcome, trace } = action;
  return {
    ...{ id, cloneId, cloneName, name, actor, reason, seq, message },
    owner: toOwnerMessage({ kind: ownerId.startsWith('usr_') ? 'user' : 'team', id: ownerId }),
    parameters: JSON.stringify(parameters),
    startTime: startedAt,
    endTime: endedAt ?? undefined,
    duration: endedAt ? toDuration(endedAt.getTime() - startedAt.getTime()) : undefined,
    outcome: OUTCOME[outcome],
    traceId: trace.split('-')[1] ?? '',
  };
}
