import { Provider } from '@ramet/proto-gen/teams.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { shape } from '../print/json.js';
import { age, moment } from '../print/values.js';

/** How providers are shown. */
export function providerView(clock: Clock): View<Provider> {
  return {
    shape: shape('teams.v1.Provider', Provider),
    fields: (provider) => [
      ['id', provider.id],
      ['name', provider.name],
      ['address', provider.address],
      ['signs for', provider.meshId],
      ['acts as', provider.userId],
      ['may', provider.actions.join(', ')],
      ['created', moment(provider.createTime)],
      ['disabled', moment(provider.disableTime)],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ADDRESS', value: ({ address }) => address },
      { title: 'ACTS AS', value: ({ userId }) => userId },
      { title: 'DISABLED', value: ({ disableTime }) => age(disableTime, clock) },
      { title: 'MAY', value: ({ actions }) => actions.join(' '), flexible: true },
    ],
  };
}
