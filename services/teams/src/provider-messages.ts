import type {
  IdentityProvider as IdentityProviderMessage,
  LinkedIdentity as LinkedIdentityMessage,
} from '@ramet/proto-gen/teams.v1';
import { IdentityProviderKind } from '@ramet/proto-gen/teams.v1';
import { etagOf } from './domain/etag.js';
import type { IdentityProvider, LinkedIdentity, ProviderKind } from './domain/identity-provider.js';

const KIND = {
  people: IdentityProviderKind.PEOPLE,
  ci: IdentityProviderKind.CI,
} as const satisfies Record<ProviderKind, IdentityProviderKind>;

/** Translates an identity provider. */
export function toProviderMessage(provider: IdentityProvider): IdentityProviderMessage {
  const { kind, createdAt, updatedAt, revision, ...same } = provider;
  return {
    ...{ ...same, kind: KIND[kind], createTime: createdAt, updateTime: updatedAt },
    etag: etagOf({ revision }),
  };
}

/** Translates an identity. */
export function toIdentityMessage({ createdAt, ...same }: LinkedIdentity): LinkedIdentityMessage {
  return { ...same, createTime: createdAt };
}

/** Reads what a provider vouches for. The contract lets no other through. */
export function toProviderKind(message: IdentityProviderKind): ProviderKind {
  return message === IdentityProviderKind.CI ? 'ci' : 'people';
}
