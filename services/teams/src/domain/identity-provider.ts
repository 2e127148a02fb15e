import { invalid } from '@ramet/errors';
import { matchesGlob } from './glob.js';
import { exhausted } from './quota.js';

/** What a provider vouches for. */
export type ProviderKind = 'people' | 'ci';

/** An issuer of ID tokens that is trusted, and how far. */
export interface IdentityProvider {
  readonly id: string;
  readonly name: string;
  readonly kind: ProviderKind;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly autoCreate: boolean;
  readonly rules: readonly TrustRule[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** From 1, one more with every change. */
  readonly revision: number;
}

/** What of a provider is said when it is created. */
export type ProviderWish = Omit<IdentityProvider, 'createdAt' | 'updatedAt' | 'revision'>;

/** What is to change of a provider; what is absent stays. */
export type ProviderChange = Partial<
  Pick<IdentityProvider, 'audience' | 'algorithms' | 'autoCreate' | 'rules'>
>;

/** Tokens that stand for a user, with scopes. */
export interface TrustRule {
  readonly subject: string;
  readonly claims: readonly { readonly name: string; readonly pattern: string }[];
  readonly userId: string;
  readonly scopes: readonly string[];
}

/** That somebody at a provider is a user here. */
export interface LinkedIdentity {
  readonly id: string;
  readonly providerId: string;
  readonly subject: string;
  readonly userId: string;
  readonly createdAt: Date;
}

/** What a provider says of somebody, once that it said so is proven. */
export interface ProvenClaims {
  readonly sub: string;
  readonly [name: string]: unknown;
}

/** Identity providers of a mesh, and identities of a user, at most: a list shows all of them. */
const MAX_PROVIDERS = 100;
const MAX_IDENTITIES = 100;
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** A provider as it is when it has just been created. Throws REQUEST_INVALID. */
export function newProvider(wish: ProviderWish, createdAt: Date): IdentityProvider {
  const { algorithms } = wish;
  return sound({
    ...wish,
    ...{ createdAt, updatedAt: createdAt, revision: 1 },
    algorithms: algorithms.length > 0 ? algorithms : ALGORITHMS,
  });
}

/** The provider after a change. Throws REQUEST_INVALID. */
export function changedProvider(
  provider: IdentityProvider,
  change: ProviderChange,
  updatedAt: Date,
): IdentityProvider {
  return sound({ ...provider, ...change, updatedAt, revision: provider.revision + 1 });
}

/** Tells whether a provider takes other tokens of the same people after a change than before. */
export function provesOtherwise(before: IdentityProvider, after: IdentityProvider): boolean {
  const whatCounts = ({ issuer, audience, algorithms }: IdentityProvider) =>
    JSON.stringify([issuer, audience, [...algorithms].sort()]);
  return whatCounts(before) !== whatCounts(after);
}

/** Throws QUOTA_EXCEEDED if there are as many identity providers as there may be. */
export function requireRoomForProvider(count: number): void {
  if (count < MAX_PROVIDERS) return;
  throw exhausted('mesh', `a mesh trusts at most ${MAX_PROVIDERS} identity providers`);
}

/** Throws QUOTA_EXCEEDED if a user has as many identities as they may. */
export function requireRoomForIdentity(userId: string, count: number): void {
  if (count < MAX_IDENTITIES) return;
  throw exhausted(`user/${userId}`, `a user has at most ${MAX_IDENTITIES} identities`);
}

function sound(provider: IdentityProvider): IdentityProvider {
  const { kind, rules, autoCreate, issuer } = provider;
  if (!isSafeUrl(issuer)) throw wrong('issuer', 'must be https, or on loopback');
  if (kind === 'people' && rules.length > 0) throw wrong('rules', 'are for CI');
  if (kind === 'ci' && rules.length === 0) throw wrong('rules', 'must be at least one');
  if (kind === 'ci' && autoCreate) throw wrong('auto_create', 'is for people');
  return provider;
}

/** Tells whether secrets and keys may come over a URL: it is https, or does not leave the machine. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}

/** The first rule that fits what a token says. */
export function ruleFor(rules: readonly TrustRule[], claims: ProvenClaims): TrustRule | undefined {
  return rules.find(({ subject, claims: wanted }) => {
    return (
      matchesGlob(subject, claims.sub) &&
      wanted.every(({ name, pattern }) => {
        const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
        return typeof value === 'string' && matchesGlob(pattern, value);
      })
    );
  });
}

/** The name of a user who is made of an identity: what they are called there, and some of the id. */
export function nameFor(claims: ProvenClaims, userId: string): string {
  const { preferred_username: called } = claims;
  const said = typeof called === 'string' ? called.toLowerCase() : '';
  const slug = said.replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-+$/g, '');
  return `${slug.slice(0, 30).replace(/-+$/, '') || 'user'}-${userId.slice(-8)}`;
}

function wrong(field: string, description: string): Error {
  return invalid({ field, description });
}
