import { IdentityProvider, IdentityProviderKind, LinkedIdentity } from '@ramet/proto-gen/teams.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, moment } from '../print/values.js';

/** How identity providers are shown. */
export function providerView(clock: Clock): View<IdentityProvider> {
  return {
    shape: shape('teams.v1.IdentityProvider', IdentityProvider),
    fields: (provider) => [
      ['id', provider.id],
      ['name', provider.name],
      ['kind', nameOf(IdentityProviderKind, provider.kind)],
      ['issuer', provider.issuer],
      ['audience', provider.audience],
      ['algorithms', provider.algorithms.join(', ')],
      ['makes users', provider.autoCreate ? 'yes' : 'no'],
      ['rules', String(provider.rules.length)],
      ['created', moment(provider.createTime)],
      ['changed', moment(provider.updateTime)],
      ['etag', provider.etag],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'KIND', value: ({ kind }) => nameOf(IdentityProviderKind, kind) },
      { title: 'ISSUER', value: ({ issuer }) => issuer, flexible: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
    ],
  };
}

/** How identities of users are shown. */
export function identityView(clock: Clock): View<LinkedIdentity> {
  return {
    shape: shape('teams.v1.LinkedIdentity', LinkedIdentity),
    fields: (identity) => [
      ['id', identity.id],
      ['provider', identity.providerId],
      ['subject', identity.subject],
      ['user', identity.userId],
      ['linked', moment(identity.createTime)],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'PROVIDER', value: ({ providerId }) => providerId },
      { title: 'SUBJECT', value: ({ subject }) => subject, flexible: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
    ],
  };
}
