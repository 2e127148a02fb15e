import type {
  CheckCloneAdmissionRequest,
  CheckCloneAdmissionResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { admit } from '../domain/admission.js';
import { toOwner, toSourceMessage, toStandingMessage } from '../messages.js';

type Needs = Pick<Deps, 'bots' | 'failpoints' | 'accessListEnabled'>;
type CheckCloneAdmission = Unary<CheckCloneAdmissionRequest, CheckCloneAdmissionResponse>;

/** Tells whether a user may create a clone of a bot for an owner, and what it would run. */
export function checkCloneAdmission(needs: Needs): CheckCloneAdmission {
  const { bots, failpoints } = needs;
  return async ({ botId, owner, userId }) => {
    const wish = { botId, owner: toOwner(owner), userId };
    const { teamId, botName, source, ownerStanding } = admit(
      wish,
      await bots.admissionFacts(wish),
      needs,
    );
    failpoints.hit('teams.admission.checked');
    const standing = toStandingMessage(ownerStanding);
    return { teamId, botName, source: toSourceMessage(source), standing };
  };
}
