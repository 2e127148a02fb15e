import type { Head, Tx } from '@ramet/database';
import type { IdentityProvider, LinkedIdentity } from '../domain/identity-provider.js';
import { type IdentityProviderEvent, identityProviderChanged } from '../events.js';
import { type By, record } from './record.js';

/** An identity provider whose row is locked, and the end of its chain. */
export interface LockedProvider {
  readonly provider: IdentityProvider;
  readonly head: Head;
}

/** The columns of an identity provider. */
export const PROVIDER = `
  id, name, kind, issuer, audience, algorithms, auto_create as "autoCreate", rules,
  created_at as "createdAt", updated_at as "updatedAt", revision`;

const LOCK = `select ${PROVIDER}, seq, hash from identity_provider where id = $1 for no key update`;

/** Locks an identity provider, so that its history is written by one at a time. */
export async function lockProvider(tx: Tx, id: string): Promise<LockedProvider | undefined> {
  const [row] = await tx.query<IdentityProvider & Head>(LOCK, [id]);
  if (!row) return undefined;
  const { seq, hash, ...provider } = row;
  return { provider, head: { seq, hash } };
}

/** What happened to a provider, and to whom it vouches for. */
interface Happened {
  readonly what: IdentityProviderEvent;
  readonly identity?: LinkedIdentity;
}

/** Adds to the history of an identity provider whose row is locked, or was just inserted. */
export async function recordProvider(
  tx: Tx,
  { provider, head }: LockedProvider,
  { what, identity }: Happened,
  by: By,
): Promise<void> {
  const { seq, hash } = await record(
    tx,
    head,
    identityProviderChanged(what, provider, identity),
    by,
  );
  const sql = 'update identity_provider set seq = $2, hash = $3 where id = $1';
  await tx.query(sql, [provider.id, seq, hash]);
}
