import { Invitation, InvitationState, TeamRole } from '@ramet/proto-gen/teams.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, moment } from '../print/values.js';

/** How invitations are shown. */
export function invitationView(clock: Clock): View<Invitation> {
  const state = (invitation: Invitation): string => nameOf(InvitationState, invitation.state);
  const role = (invitation: Invitation): string => nameOf(TeamRole, invitation.role);
  return {
    shape: shape('teams.v1.Invitation', Invitation),
    fields: (invitation) => [
      ['id', invitation.id],
      ['team', `${invitation.teamName} (${invitation.teamId})`],
      ['role', role(invitation)],
      ['state', state(invitation)],
      ['for', invitation.userId || 'whoever has the code'],
      ['by', invitation.inviterId],
      ['code starts with', invitation.prefix],
      ['created', moment(invitation.createTime)],
      ['expires', moment(invitation.expireTime)],
      ['closed', moment(invitation.closeTime)],
      ['accepted by', invitation.acceptedBy],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'TEAM', value: ({ teamName }) => teamName },
      { title: 'ROLE', value: role },
      { title: 'STATE', value: state },
      { title: 'FOR', value: ({ userId }) => userId, flexible: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'EXPIRES', value: ({ expireTime }) => moment(expireTime) },
    ],
  };
}
