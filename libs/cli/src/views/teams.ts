import {
  ApiKey,
  Bot,
  type BotSource,
  Team,
  TeamMember,
  TeamRole,
  User,
} from '@ramet/proto-gen/teams.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, moment } from '../print/values.js';

/** How users are shown. */
export function userView(clock: Clock): View<User> {
  return {
    shape: shape('teams.v1.User', User),
    fields: (user) => [
      ['id', user.id],
      ['name', user.name],
      ['admin', user.admin ? 'yes' : 'no'],
      ['team', user.teamId],
      ['created', moment(user.createTime)],
      ['disabled', moment(user.disableTime)],
      ['why', user.disableReason],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ADMIN', value: ({ admin }) => (admin ? 'yes' : '') },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'DISABLED', value: ({ disableTime }) => moment(disableTime) },
    ],
  };
}

/** How the descriptions of API keys are shown. */
export function apiKeyView(clock: Clock): View<ApiKey> {
  return {
    shape: shape('teams.v1.ApiKey', ApiKey),
    fields: (key) => [
      ['id', key.id],
      ['name', key.name],
      ['user', key.userId],
      ['starts with', key.prefix],
      ['scopes', key.scopes.join(', ') || 'all'],
      ['created', moment(key.createTime)],
      ['expires', moment(key.expireTime)],
      ['revoked', moment(key.revokeTime)],
      ['made with', key.madeWith.join(', ')],
      ['last used', moment(key.lastUsedTime)],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name, flexible: true },
      { title: 'STARTS WITH', value: ({ prefix }) => prefix },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'LAST USED', value: ({ lastUsedTime }) => moment(lastUsedTime) },
      { title: 'EXPIRES', value: ({ expireTime }) => moment(expireTime) },
      { title: 'REVOKED', value: ({ revokeTime }) => moment(revokeTime) },
    ],
  };
}

/** How teams are shown. */
export function teamView(clock: Clock): View<Team> {
  return {
    shape: shape('teams.v1.Team', Team),
    fields: (team) => [
      ['id', team.id],
      ['name', team.name],
      ['created', moment(team.createTime)],
      ['changed', moment(team.updateTime)],
      ['deleted', moment(team.deleteTime)],
      ['etag', team.etag],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
    ],
  };
}

/** How the members of a team are shown. */
export function memberView(clock: Clock): View<TeamMember> {
  const role = (member: TeamMember): string => nameOf(TeamRole, member.role);
  return {
    shape: shape('teams.v1.TeamMember', TeamMember),
    fields: (member) => [
      ['team', member.teamId],
      ['user', member.userId],
      ['name', member.userName],
      ['role', role(member)],
      ['joined', moment(member.createTime)],
    ],
    columns: [
      { title: 'USER', value: ({ userId }) => userId },
      { title: 'NAME', value: ({ userName }) => userName },
      { title: 'ROLE', value: role },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
    ],
  };
}

/** How bots are shown. */
export function botView(clock: Clock): View<Bot> {
  return {
    shape: shape('teams.v1.Bot', Bot),
    fields: (bot) => [
      ['id', bot.id],
      ['name', bot.name],
      ['team', bot.teamId],
      ['team source', source(bot.teamSource)],
      ['your source', source(bot.personalSource)],
      ['created', moment(bot.createTime)],
      ['changed', moment(bot.updateTime)],
      ['deleted', moment(bot.deleteTime)],
      ['etag', bot.etag],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'TEAM', value: ({ teamId }) => teamId },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'TEAM SOURCE', value: ({ teamSource }) => source(teamSource), flexible: true },
    ],
  };
}

function source(value: BotSource | undefined): string {
  if (!value?.source) return '';
  const parts = [`${programOf(value.source)} (revision ${value.revision})`];
  const { command } = value.source.value;
  return [...parts, command.join(' ')].filter(Boolean).join(': ');
}

/** What a source is, as people write it: `BUNDLE@TAG`, or `REPOSITORY:TAG@DIGEST`. */
function programOf(source: NonNullable<BotSource['source']>): string {
  if (source.$case === 'process') {
    const { bundle, tag } = source.value;
    return tag ? `${bundle}@${tag}` : bundle;
  }
  const { repository, tag, digest } = source.value;
  return `${repository}${tag && `:${tag}`}${digest && `@${digest}`}`;
}
