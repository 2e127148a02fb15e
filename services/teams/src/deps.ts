import type { Clock, Failpoints, Ids } from '@ramet/service';
import type { IdentityTokens } from './credentials/identity-tokens.js';
import type { MintedKey } from './credentials/minter.js';
import type { RevocationLog } from './credentials/revocation-log.js';
import type { PublicKey } from './credentials/token-signer.js';
import type { CodeKind } from './domain/api-key.js';
import type { Identity, SignedToken, Tell, WorkloadIdentity } from './domain/identity.js';
import type { Reuse } from './domain/login.js';
import type { ApiKeys } from './store/api-keys.js';
import type { Bots } from './store/bots.js';
import type { IdentityProviders } from './store/identity-providers.js';
import type { Invitations } from './store/invitations.js';
import type { Logins } from './store/logins.js';
import type { Past } from './store/past.js';
import type { Providers } from './store/providers.js';
import type { ServiceAccounts } from './store/service-accounts.js';
import type { SignIns } from './store/sign-ins.js';
import type { Standings } from './store/standings.js';
import type { Teams } from './store/teams.js';
import type { Users } from './store/users.js';

/** Everything the handlers use. service.ts builds it; each takes the part it needs. */
export interface Deps {
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  readonly logins: Logins;
  readonly teams: Teams;
  readonly invitations: Invitations;
  readonly serviceAccounts: ServiceAccounts;
  readonly bots: Bots;
  readonly providers: Providers;
  readonly standings: Standings;
  readonly past: Past;
  /** Which mesh this is, to those who sign for it. */
  readonly meshId: string;
  readonly tokens: Tokens;
  readonly revocations: RevocationLog;
  readonly identityProviders: IdentityProviders;
  readonly identityTokens: IdentityTokens;
  readonly signIns: SignIns;
  readonly credentials: Credentials;
  readonly lifecycle: Lifecycle;
  /** Whether only owners on the access list are admitted. */
  readonly accessListEnabled: boolean;
  /** Every action of the contract: what scopes may name. */
  readonly actions: readonly string[];
  /** Throws RATE_LIMITED if an owner gets too many tokens, whatever they show for them. */
  readonly chargeOwner: (ownerId: string) => void;
  readonly chargeRenewal: RenewalCharge;
  /** Tells the operator that a refresh token was stolen. */
  readonly tellOfReuse: (reuse: Reuse) => void;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly failpoints: Failpoints;
}

/**
 * Throws RATE_LIMITED if workloads renew their tokens too often. Apart from `chargeOwner`: clones
 * that do so do not keep their owner from logging in.
 */
export interface RenewalCharge {
  /** Before it costs a call of lifecycle. */
  readonly ofExecution: (executionId: string) => void;
  readonly ofOwner: (ownerId: string) => void;
}

interface Tokens {
  sign(identity: Identity, maxSeconds?: number): Promise<SignedToken>;
  /** What all replicas sign with, have signed with, or will. */
  currentKeys(): Promise<readonly PublicKey[]>;
}

/** What proves who somebody is, before they have a token. */
export interface Credentials {
  /**
   * Whom an API key speaks for. Undefined for one that is not known, or not any more: of that one
   * it tells whose it was, and why it is not good.
   */
  identify(apiKey: string, tell: Tell): Promise<Identity | undefined>;
  /** Tells whether this is what the operator put in the file. */
  isBootstrapToken(text: string): boolean;
  mint(kind: CodeKind): MintedKey;
  /** What is kept of a credential, to find it by. */
  hashOf(credential: string): Buffer;
}

/** The directory of clones, as this service sees it. */
export interface Lifecycle {
  /** The owner of an execution that is the current one of its clone. Undefined: it is over. */
  ownerOfLive(workload: WorkloadIdentity, signal: AbortSignal): Promise<string | undefined>;
}
