import type {
  CheckCloneAdmissionRequest,
  CheckCloneAdmissionResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { admit } from '../domain/admission.js';
import { toOwner, toSourceMessage } from '../messages.js';

type Needs = Pick<Deps, 'bots' | 'failpoints'>;
type CheckCloneAdmission = Unary<CheckCloneAdmissionRequest, CheckCloneAdmissionResponse>;

/** Tells whether a user may create a clone of a bot for an owner, and what it would run. */
export function checkCloneAdmission({ bots, failpoints }: Needs): CheckCloneAdmission {
  return async ({ botId, owner, userId }) => {
    const facts = await bots.admissionFacts(botId, userId);
    const { teamId, botName, source } = admit(botId, facts, toOwner(owner), userId);
    failpoints.hit('teams.admission.checked');
    return { teamId, botName, source: toSourceMessage(source) };
  };
}
