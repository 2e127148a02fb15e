import type { HistoryEntry } from '@ramet/proto-gen/history.v1';
import type {
  DeleteKeyRequest,
  Grant as GrantMessage,
  SignatureRecord,
} from '@ramet/proto-gen/keys.v1';
import {
  type Clone as CloneMessage,
  type ClonePhase,
  ClonePhase as Phase,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Owner as OwnerMessage, TeamRole } from '@ramet/proto-gen/teams.v1';
import type { Role } from './domain/access.js';
import type { TeamsNews } from './domain/creator.js';
import type { Clone, Grant } from './domain/grant.js';
import type { Owner } from './domain/owner.js';
import type { Signature } from './domain/signature.js';
import { toLimitsMessage } from './limits-messages.js';

/** What happens at teams when somebody loses rights. */
const LOSSES: ReadonlySet<string> = new Set([
  'team.member_set',
  'team.member_removed',
  'team.ownership_transferred',
  'team.deleted',
  'user.disabled',
  'user.deleted',
]);

const ROLE_OF = {
  [TeamRole.UNSPECIFIED]: undefined,
  [TeamRole.OWNER]: 'owner',
  [TeamRole.ADMIN]: 'admin',
  [TeamRole.MEMBER]: 'member',
} as const satisfies Record<TeamRole, Role | undefined>;

/** The phases of a clone that is on its way to running, for the first time or again, or runs. */
const ACTIVE: ReadonlySet<ClonePhase> = new Set([
  Phase.ACCEPTED,
  Phase.PREPARING,
  Phase.PROVISIONING,
  Phase.RUNNING,
  Phase.UPDATING,
  Phase.RESUMING,
  Phase.RESTORING,
]);

/** A grant on the wire. */
export function toGrantMessage(grant: Grant): GrantMessage {
  return {
    id: grant.id,
    keyId: grant.keyId,
    cloneId: grant.cloneId,
    executionId: grant.executionId,
    epoch: grant.epoch,
    limits: toLimitsMessage(grant),
    uses: grant.uses,
    createTime: grant.createdAt,
    revokeTime: grant.revokedAt,
    revokeReason: grant.revokeReason,
    leaseTime: grant.leaseUntil,
  };
}

/** A row of the log on the wire. */
export function toSignatureMessage(signature: Signature): SignatureRecord {
  const { digest, acceptedAt, ...rest } = signature;
  return { ...rest, payloadDigest: digest, acceptTime: acceptedAt };
}

/** An owner on the wire. */
export function toOwnerMessage({ kind, id }: Owner): OwnerMessage {
  const owner =
    kind === 'user'
      ? ({ $case: 'userId', value: id } as const)
      : ({ $case: 'teamId', value: id } as const);
  return { owner };
}

/** The owner in a message, or undefined if there is none. */
export function ownerOf(message: OwnerMessage | undefined): Owner | undefined {
  const owner = message?.owner;
  return owner && { kind: owner.$case === 'userId' ? 'user' : 'team', id: owner.value };
}

/** The role in a message, or undefined if it is not given. */
export function roleOf(message: TeamRole): Role | undefined {
  return ROLE_OF[message];
}

/** A clone as lifecycle tells of it, or undefined if it has no owner. */
export function cloneOf(message: CloneMessage | undefined): Clone | undefined {
  const owner = ownerOf(message?.owner);
  if (!message || !owner) return undefined;
  const { id, creatorId, teamId, keyId, epoch, phase } = message;
  return { id, owner, creatorId, teamId, keyId, epoch, active: ACTIVE.has(phase) };
}

/** What an entry of the history of teams tells this service: who may have lost rights. */
export function newsOf({ position, kind, aggregateId }: HistoryEntry): TeamsNews {
  return LOSSES.has(kind) ? { position, subjectId: aggregateId } : { position };
}

/** A duration in milliseconds, or undefined if it is not given. */
export function millisecondsOf(duration: DeleteKeyRequest['deleteAfter']): number | undefined {
  return duration && Number(duration.seconds) * 1_000 + Math.ceil(duration.nanos / 1_000_000);
}
