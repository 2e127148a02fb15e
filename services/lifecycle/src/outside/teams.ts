import { type AccessServiceService, TeamRole } from '@ramet/proto-gen/teams.v1';
import type { Remote } from '@ramet/rpc';
import type { Teams } from '../deps.js';
import type { Membership } from '../domain/sight.js';
import { fromSourceMessage, toOwnerMessage } from '../spec-messages.js';
import { passedOn } from './refusal.js';

const ROLE = {
  [TeamRole.UNSPECIFIED]: 'MEMBER',
  [TeamRole.MEMBER]: 'MEMBER',
  [TeamRole.ADMIN]: 'ADMIN',
  [TeamRole.OWNER]: 'OWNER',
} as const satisfies Record<TeamRole, Membership['role']>;

/** Teams, as lifecycle knows it. */
export function teamsOver(access: Remote<typeof AccessServiceService>): Teams {
  return {
    async listMemberships(userId) {
      try {
        const { memberships } = await access.listMemberships({ userId });
        return memberships.map(({ teamId, role }) => ({ teamId, role: ROLE[role] }));
      } catch (thrown) {
        throw passedOn('teams', thrown);
      }
    },
    async admit({ userId, owner, botId }) {
      try {
        const asked = { userId, botId, owner: toOwnerMessage(owner) };
        const { teamId, source } = await access.checkCloneAdmission(asked);
        return { teamId, source: fromSourceMessage(source) };
      } catch (thrown) {
        throw passedOn('teams', thrown);
      }
    },
  };
}
