import { PublicError } from '@ramet/errors';
import { requireEtag } from './etag.js';
import { requireName } from './name.js';
import { covers } from './scope.js';

/** A program elsewhere that signs its requests. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** `0x` and 40 hex digits, in lower case. */
  readonly address: string;
  /** The mesh that it signs for: this one. */
  readonly meshId: string;
  /** The user it acts as. */
  readonly userId: string;
  /** What it may do: actions, or the beginning of their names before `.*`. */
  readonly actions: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly disabledAt: Date | null;
  readonly revision: number;
}

export type ProviderWish = Pick<
  Provider,
  'id' | 'name' | 'address' | 'meshId' | 'userId' | 'actions'
>;

/** What is to change of a provider. What is absent stays. */
export interface ProviderChange {
  readonly actions?: readonly string[];
  readonly enabled?: boolean;
  readonly etag: string;
}

/** A provider as it is when it has just been registered. Throws REQUEST_INVALID for a bad name. */
export function newProvider(wish: ProviderWish, at: Date): Provider {
  requireName(wish.name);
  const address = wish.address.toLowerCase();
  return { ...wish, address, createdAt: at, updatedAt: at, disabledAt: null, revision: 1 };
}

/** The provider after a change; the same one if nothing changes. Throws ETAG_STALE. */
export function changeProvider(provider: Provider, change: ProviderChange, at: Date): Provider {
  requireEtag(provider, change.etag);
  const { actions = provider.actions, enabled = provider.disabledAt === null } = change;
  const disabledAt = enabled ? null : (provider.disabledAt ?? at);
  const isSame =
    disabledAt === provider.disabledAt && actions.join(' ') === provider.actions.join(' ');
  if (isSame) return provider;
  return { ...provider, actions, disabledAt, updatedAt: at, revision: provider.revision + 1 };
}

/**
 * What tokens of a provider are made of: the provider as it is now. Those of before its last change
 * can be told from those of after, so that only they are revoked.
 */
export function credentialOf({ id, revision }: Pick<Provider, 'id' | 'revision'>): string {
  return `${id}:${revision}`;
}

/** Throws SCOPE_MISSING unless the action is on the provider's list. */
export function requireAction({ actions }: Pick<Provider, 'actions'>, action: string): void {
  if (actions.some((each) => covers(each, action))) return;
  const message = `the provider may not do this: ${action}`;
  throw new PublicError('permission_denied', 'SCOPE_MISSING', message, { metadata: { action } });
}

/** The error for an address that another provider has. */
export function addressTaken(address: string): PublicError {
  return new PublicError('already_exists', 'ADDRESS_TAKEN', `the address is in use: ${address}`, {
    metadata: { address },
    resource: { kind: 'provider', id: address },
  });
}
