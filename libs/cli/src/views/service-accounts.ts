import { ServiceAccount, TeamRole } from '@ramet/proto-gen/teams.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, moment } from '../print/values.js';

/** How service accounts are shown. */
export function serviceAccountView(clock: Clock): View<ServiceAccount> {
  const role = (account: ServiceAccount): string =>
    account.role === TeamRole.UNSPECIFIED ? '' : nameOf(TeamRole, account.role);
  return {
    shape: shape('teams.v1.ServiceAccount', ServiceAccount),
    fields: (account) => [
      ['id', account.id],
      ['team', account.teamId],
      ['name', account.name],
      ['role', role(account)],
      ['created', moment(account.createTime)],
      ['disabled', moment(account.disableTime)],
      ['why', account.disableReason],
      ['deleted', moment(account.deleteTime)],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ROLE', value: role },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'DISABLED', value: ({ disableTime }) => moment(disableTime) },
    ],
  };
}
