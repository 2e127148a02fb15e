import {
  ApiKeyChanged,
  BotChanged,
  IdentityProviderChanged,
  InvitationChanged,
  ProviderChanged,
  RefreshTokenReused,
  StandingChanged,
  TeamChanged,
  UserChanged,
} from '@ramet/proto-gen/teams.v1';
import type { ApiKey } from './domain/api-key.js';
import type { BotChange } from './domain/bot.js';
import type { IdentityProvider, LinkedIdentity } from './domain/identity-provider.js';
import type { Invitation } from './domain/invitation.js';
import type { Reuse } from './domain/login.js';
import { ownerIdOf, type StandingChange } from './domain/owner-standing.js';
import type { Provider } from './domain/provider.js';
import type { TeamChange } from './domain/team.js';
import type { User, UserChange } from './domain/user.js';
import {
  toApiKeyMessage,
  toBotMessage,
  toInvitationMessage,
  toMemberMessage,
  toPersonalSourceMessage,
  toProviderMessage,
  toStandingMessage,
  toTeamMessage,
  toUserMessage,
} from './messages.js';
import {
  toIdentityMessage,
  toProviderMessage as toIdentityProviderMessage,
} from './provider-messages.js';

/** Something that happened to a user, a team, a bot or a standing. Carries all of it, so nobody calls back. */
export interface Event {
  /** The id of the thing that has a history of its own. */
  readonly aggregate: string;
  /** The kind of thing and what happened to it. */
  readonly kind: string;
  readonly payload: Uint8Array;
}

/** A user was created. */
export function userCreated(user: User): Event {
  const payload = UserChanged.encode({ user: toUserMessage(user) }).finish();
  return { aggregate: user.id, kind: 'user.created', payload };
}

/** A user was disabled or enabled, or a service account deleted. */
export function userChanged({ event, user }: UserChange): Event {
  const payload = UserChanged.encode({ user: toUserMessage(user) }).finish();
  return { aggregate: user.id, kind: `user.${event}`, payload };
}

/** An API key of a user was created or revoked. Stands in the history of the user. */
export function apiKeyChanged(what: 'created' | 'revoked', key: ApiKey): Event {
  const apiKey = toApiKeyMessage({ ...key, lastUsedAt: null });
  const payload = ApiKeyChanged.encode({ apiKey }).finish();
  return { aggregate: key.userId, kind: `user.api_key_${what}`, payload };
}

/** A refresh token was shown too late, and its login has ended. Stands in the history of the user. */
export function refreshTokenReused(reuse: Reuse): Event {
  const payload = RefreshTokenReused.encode(reuse).finish();
  return { aggregate: reuse.userId, kind: 'user.refresh_token_reused', payload };
}

/** A team was created, deleted, or has other members. */
export function teamChanged({ event, state }: TeamChange): Event {
  const team = toTeamMessage(state.team);
  const members = state.members.map(toMemberMessage);
  const payload = TeamChanged.encode({ team, members }).finish();
  return { aggregate: team.id, kind: `team.${event}`, payload };
}

/** A provider was registered, or may do something else. */
export function providerChanged(what: 'registered' | 'changed', provider: Provider): Event {
  const payload = ProviderChanged.encode({ provider: toProviderMessage(provider) }).finish();
  return { aggregate: provider.id, kind: `provider.${what}`, payload };
}

/** What happens to an identity provider, or to somebody whom it vouches for. */
export type IdentityProviderEvent =
  | 'created'
  | 'changed'
  | 'deleted'
  | 'identity_linked'
  | 'identity_unlinked';

/** An identity provider was trusted, otherwise or no more, or somebody at it is a user, or is not. */
export function identityProviderChanged(
  what: IdentityProviderEvent,
  provider: IdentityProvider,
  identity?: LinkedIdentity,
): Event {
  const payload = IdentityProviderChanged.encode({
    identityProvider: toIdentityProviderMessage(provider),
    identity: identity && toIdentityMessage(identity),
  }).finish();
  return { aggregate: provider.id, kind: `identity_provider.${what}`, payload };
}

/** An invitation was made, accepted, declined or taken back. Apart from the team's history. */
export function invitationChanged(invitation: Invitation): Event {
  const at = invitation.closedAt ?? invitation.createdAt;
  const message = toInvitationMessage(invitation, at);
  const payload = InvitationChanged.encode({ invitation: message }).finish();
  const { id, outcome } = invitation;
  return { aggregate: id, kind: `invitation.${outcome ?? 'created'}`, payload };
}

/** A bot was created, deleted, or has other sources. */
export function botChanged({ event, state }: BotChange): Event {
  const bot = toBotMessage(state.bot, null);
  const personalSources = state.personalSources.map(toPersonalSourceMessage);
  const payload = BotChanged.encode({ bot, personalSources }).finish();
  return { aggregate: bot.id, kind: `bot.${event}`, payload };
}

/** An owner was denied, allowed, given access, or had it withdrawn. Apart from the owner's history. */
export function standingChanged({ event, before, after }: StandingChange): Event {
  const payload = StandingChanged.encode({
    before: before.revision === 0 ? undefined : toStandingMessage(before),
    standing: toStandingMessage(after),
  }).finish();
  return { aggregate: `std_${ownerIdOf(after.owner)}`, kind: `standing.${event}`, payload };
}
