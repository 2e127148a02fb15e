import { invalid } from '@ramet/errors';
import type {
  ApiKey as ApiKeyMessage,
  Bot as BotMessage,
  BotSource as BotSourceMessage,
  Invitation as InvitationMessage,
  Membership as MembershipMessage,
  Owner as OwnerMessage,
  PersonalSource as PersonalSourceMessage,
  Provider as ProviderMessage,
  ServiceAccount as ServiceAccountMessage,
  Standing as StandingMessage,
  TeamMember as TeamMemberMessage,
  Team as TeamMessage,
  User as UserMessage,
} from '@ramet/proto-gen/teams.v1';
import { EntitledKind, InvitationState, TeamRole } from '@ramet/proto-gen/teams.v1';
import type { ApiKey } from './domain/api-key.js';
import type { Bot, Owner } from './domain/bot.js';
import { etagOf } from './domain/etag.js';
import type { Invitation } from './domain/invitation.js';
import type { Kind, OwnerStanding } from './domain/owner-standing.js';
import type { Provider } from './domain/provider.js';
import type { Role } from './domain/role.js';
import type { ServiceAccount } from './domain/service-account.js';
import type { PersonalSource, Program, Source } from './domain/source.js';
import type { Member, Membership, Team } from './domain/team.js';
import type { User } from './domain/user.js';

const ROLE = {
  owner: TeamRole.OWNER,
  admin: TeamRole.ADMIN,
  member: TeamRole.MEMBER,
} as const satisfies Record<Role, TeamRole>;

const OUTCOME = {
  accepted: InvitationState.ACCEPTED,
  declined: InvitationState.DECLINED,
  revoked: InvitationState.REVOKED,
} as const satisfies Record<NonNullable<Invitation['outcome']>, InvitationState>;

const KIND = {
  bot: EntitledKind.BOT,
  workflow: EntitledKind.WORKFLOW,
  environment: EntitledKind.ENVIRONMENT,
  instance: EntitledKind.INSTANCE,
} as const satisfies Record<Kind, EntitledKind>;

const KIND_ENTRIES = Object.entries(KIND) as readonly (readonly [Kind, EntitledKind])[];

const ROLES = Object.entries(ROLE) as readonly (readonly [Role, TeamRole])[];

/** Translates a user. */
export function toUserMessage(user: User): UserMessage {
  const { id, name, admin } = user;
  const teamId = user.teamId ?? '';
  return { id, name, admin, teamId, ...userLifeOf(user), etag: etagOf(user) };
}

/** Translates a service account. */
export function toServiceAccountMessage({ user, role }: ServiceAccount): ServiceAccountMessage {
  const { id, name, teamId } = user;
  const place = role ? ROLE[role] : TeamRole.UNSPECIFIED;
  return { id, name, teamId: teamId ?? '', role: place, ...userLifeOf(user) };
}

/** Translates the description of an API key. */
export function toApiKeyMessage(key: ApiKey): ApiKeyMessage {
  const { id, userId, name, prefix } = key;
  return {
    id,
    userId,
    name,
    prefix,
    createTime: key.createdAt,
    expireTime: key.expiresAt ?? undefined,
    revokeTime: key.revokedAt ?? undefined,
    scopes: key.scopes,
    madeWith: key.madeWith,
    lastUsedTime: key.lastUsedAt ?? undefined,
  };
}

/** Translates a team. */
export function toTeamMessage(team: Team): TeamMessage {
  return { id: team.id, name: team.name, ...lifeOf(team), etag: etagOf(team) };
}

/** Translates a user's place in a team. */
export function toMemberMessage(member: Member): TeamMemberMessage {
  const { teamId, userId, userName, role, createdAt } = member;
  return { teamId, userId, userName, role: ROLE[role], createTime: createdAt };
}

/** Translates a provider. */
export function toProviderMessage(provider: Provider): ProviderMessage {
  const { id, name, address, meshId, userId, actions, createdAt, updatedAt, disabledAt } = provider;
  return {
    ...{ id, name, address, meshId, userId, actions: [...actions] },
    createTime: createdAt,
    updateTime: updatedAt,
    disableTime: disabledAt ?? undefined,
    etag: etagOf(provider),
  };
}

/** Translates one team that a user is in. */
export function toMembershipMessage({ teamId, role }: Membership): MembershipMessage {
  return { teamId, role: ROLE[role] };
}

/** Translates an invitation, as it is at a time. */
export function toInvitationMessage(invitation: Invitation, now: Date): InvitationMessage {
  const { id, teamId, teamName, role, inviterId, prefix, outcome } = invitation;
  const timely = invitation.expiresAt > now ? InvitationState.OPEN : InvitationState.EXPIRED;
  return {
    ...{ id, teamId, teamName, role: ROLE[role], inviterId, prefix },
    userId: invitation.userId ?? '',
    state: outcome ? OUTCOME[outcome] : timely,
    createTime: invitation.createdAt,
    expireTime: invitation.expiresAt,
    closeTime: invitation.closedAt ?? undefined,
    acceptedBy: invitation.acceptedBy ?? '',
  };
}

/** Translates a bot, with the personal source of whoever asks. */
export function toBotMessage(bot: Bot, personalSource: Source | null): BotMessage {
  const { id, teamId, name } = bot;
  return {
    id,
    teamId,
    name,
    teamSource: bot.teamSource ? toSourceMessage(bot.teamSource) : undefined,
    personalSource: personalSource ? toSourceMessage(personalSource) : undefined,
    ...lifeOf(bot),
    etag: etagOf(bot),
  };
}

/** Translates what clones run. */
export function toSourceMessage({ program, revision }: Source): BotSourceMessage {
  const { tag = '', command } = program;
  if (program.kind === 'process') {
    const { bundle } = program;
    return { source: { $case: 'process', value: { bundle, tag, command } }, revision };
  }
  const { repository, digest = '' } = program;
  return { source: { $case: 'image', value: { repository, tag, digest, command } }, revision };
}

/** Translates what the personal clones of one user run. */
export function toPersonalSourceMessage({ userId, source }: PersonalSource): PersonalSourceMessage {
  return { userId, source: toSourceMessage(source) };
}

/** Translates where an owner stands. */
export function toStandingMessage(standing: OwnerStanding): StandingMessage {
  const { owner, denial, access, revision, actor, reason, updatedAt } = standing;
  return {
    owner: toOwnerMessage(owner),
    denial: denial ? { reason: denial.reason, actor: denial.actor, time: denial.at } : undefined,
    access: access
      ? {
          kinds: access.kinds.map((kind) => KIND[kind]),
          reason: access.reason,
          actor: access.actor,
          time: access.at,
        }
      : undefined,
    seq: revision,
    actor,
    reason,
    updateTime: updatedAt ?? undefined,
  };
}

/** Reads kinds of clones. The contract lets none through that are not known. */
export function toKinds(messages: readonly EntitledKind[]): readonly Kind[] {
  return KIND_ENTRIES.filter(([, value]) => messages.includes(value)).map(([kind]) => kind);
}

/** Reads a role. Throws REQUEST_INVALID for one that is not known. */
export function toRole(message: TeamRole): Role {
  const [role] = ROLES.find(([, value]) => value === message) ?? [];
  if (!role) throw invalid({ field: 'role', description: 'must be a role' });
  return role;
}

/** Reads what clones are to run. Throws REQUEST_INVALID, under the name of the field. */
export function toProgram(message: BotSourceMessage | undefined, field: string): Program {
  if (!message?.source) {
    throw invalid({ field: `${field}.source`, description: 'must be a kind of source' });
  }
  const { tag, command } = message.source.value;
  const common = { ...(tag !== '' && { tag }), command };
  if (message.source.$case === 'process') {
    return { kind: 'process', bundle: message.source.value.bundle, ...common };
  }
  const { repository, digest } = message.source.value;
  return { kind: 'image', repository, ...(digest !== '' && { digest }), ...common };
}

/** Reads an owner. Throws REQUEST_INVALID if it is neither a user nor a team. */
export function toOwner(message: OwnerMessage | undefined): Owner {
  const owner = message?.owner;
  switch (owner?.$case) {
    case 'userId':
      return { kind: 'user', userId: owner.value };
    case 'teamId':
      return { kind: 'team', teamId: owner.value };
    case undefined:
      throw invalid({ field: 'owner', description: 'must be a user or a team' });
  }
}

function toOwnerMessage(owner: Owner): OwnerMessage {
  return owner.kind === 'user'
    ? { owner: { $case: 'userId', value: owner.userId } }
    : { owner: { $case: 'teamId', value: owner.teamId } };
}

function userLifeOf(user: User) {
  return {
    createTime: user.createdAt,
    updateTime: user.updatedAt,
    disableTime: user.disabledAt ?? undefined,
    disableReason: user.disabledReason ?? '',
    deleteTime: user.deletedAt ?? undefined,
  };
}

function lifeOf(thing: Pick<Team, 'createdAt' | 'updatedAt' | 'deletedAt'>) {
  return {
    createTime: thing.createdAt,
    updateTime: thing.updatedAt,
    deleteTime: thing.deletedAt ?? undefined,
  };
}
