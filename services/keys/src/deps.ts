import type { HistoryRow } from '@ramet/database';
import type { Clock, Failpoints, Ids } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import type { Role, Roles } from './domain/access.js';
import type { TeamsNews } from './domain/creator.js';
import type { Clone } from './domain/grant.js';
import type { Audited } from './domain/log.js';
import type { VenueTerms } from './domain/terms.js';
import type { HeadSigner } from './log/head-signer.js';
import type { KeySealer } from './sealing/key-sealer.js';
import type { SealKeeper } from './sealing/seal-keeper.js';
import type { Vault } from './sealing/vault.js';
import type { Acceptor } from './signing/acceptor.js';
import type { Denials } from './signing/denials.js';
import type { Drain } from './signing/drain.js';
import type { PayloadDigest } from './signing/payload-digest.js';
import type { SigningKeys } from './signing/signing-keys.js';
import type { CreatorGrants } from './store/creator-grants.js';
import type { DenialLog } from './store/denials.js';
import type { Grants } from './store/grants.js';
import type { Keks } from './store/keks.js';
import type { KeyLife } from './store/key-life.js';
import type { Keys } from './store/keys.js';
import type { Leases } from './store/leases.js';
import type { Logs } from './store/logs.js';
import type { Seals } from './store/seals.js';
import type { Signatures } from './store/signatures.js';

/** Everything the handlers use. service.ts builds it; each takes the part it needs. */
export interface Deps {
  readonly keys: Keys;
  readonly keyLife: KeyLife;
  readonly venueTerms: VenueTerms;
  readonly grants: Grants;
  readonly leases: Leases;
  readonly creatorGrants: CreatorGrants;
  readonly signatures: Signatures;
  readonly refusals: DenialLog;
  readonly logs: Logs;
  readonly auditor: Auditor;
  readonly headSigner: Pick<HeadSigner, 'make'>;
  readonly history: History;
  readonly sealer: KeySealer;
  readonly vault: Vault;
  readonly seals: Seals;
  readonly keks: Keks;
  readonly sealKeeper: SealKeeper;
  readonly signingKeys: SigningKeys;
  readonly acceptor: Acceptor;
  readonly denials: Denials;
  /** Throws RATE_LIMITED if the keys of an owner sign more than they may together. */
  readonly chargeOwner: (ownerId: string) => void;
  readonly drain: Drain;
  readonly payloadDigest: PayloadDigest;
  readonly lifecycle: Lifecycle;
  readonly teams: Teams;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
}

/** What makes the logs anew and compares. */
export interface Auditor {
  /** Tells of each log what is wrong with it. Reads everything. */
  audit(): AsyncIterable<Audited>;
}

/** The history of this service. */
export interface History {
  /** The entries after a position, oldest first. */
  read(after: bigint, limit: number): Promise<readonly HistoryRow[]>;
}

/** Lifecycle, as this service sees it. */
export interface Lifecycle {
  /** Throws CLONE_NOT_FOUND, and PEER_UNAVAILABLE if it cannot be asked. */
  getCloneTeamAndBot(cloneId: string): Promise<Clone>;
}

/** Teams, as this service sees it. Both calls throw PEER_UNAVAILABLE if it cannot be asked. */
export interface Teams {
  /** The role of a user in a team, as it is at this moment; undefined if not in it, or disabled. */
  roleIn(teamId: string, userId: string): Promise<Role | undefined>;
  /** Whether anything may be done in the name of a user, as it is at this moment. */
  isActive(userId: string): Promise<boolean>;
  /** The roles of a user in all teams, as they were at most a second ago. */
  rolesOf(userId: string): Promise<Roles>;
  /** What has happened there after a position. Empty: nothing yet. */
  readNews(after: bigint, signal: AbortSignal): Promise<readonly TeamsNews[]>;
}
