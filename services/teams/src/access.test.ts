// Goal: everybody may do what their role allows; who may not see a thing finds nothing.
// Method: every RPC on a team and its bot, by callers of every standing, against one table.

import assert from 'node:assert/strict';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { RemoteError } from '@ramet/rpc';
import {
  type Api,
  type Crew,
  createBot,
  createCrew,
  createTeam,
  FIRST,
  type House,
  openHouse,
  ownerOf,
  source,
} from './test-house.js';

type Standing = 'owner' | 'admin' | 'member' | 'overseer' | 'stranger' | 'anonymous' | 'service';

const NO_TEAM = 'TEAM_NOT_FOUND';
const NO_BOT = 'BOT_NOT_FOUND';
const DENIED = 'PERMISSION_DENIED';
const WHO = 'TOKEN_MISSING';
const STANDINGS = [
  'owner',
  'admin',
  'member',
  'overseer',
  'stranger',
  'anonymous',
  'service',
] as const satisfies readonly Standing[];

type Verdicts = readonly [string, string, string, string, string, string, string];
type Action = (api: Api, crew: Crew) => Promise<unknown>;

const SEES: Verdicts = ['ok', 'ok', 'ok', 'ok', NO_TEAM, WHO, DENIED];
const OWNS: Verdicts = ['ok', DENIED, DENIED, DENIED, NO_TEAM, WHO, DENIED];

/** What each of STANDINGS gets. Actions that would spoil the next ones change nothing. */
const TABLE: readonly (readonly [string, Action, Verdicts])[] = [
  ['GetTeam', ({ teams }, { team }) => teams.getTeam({ id: team.id }), SEES],
  [
    'ListTeamMembers',
    ({ teams }, { team }) => teams.listTeamMembers({ teamId: team.id, userId: '', ...FIRST }),
    ['ok', 'ok', 'ok', 'ok', NO_TEAM, WHO, 'ok'],
  ],
  ['ListBots', ({ bots }, { team }) => bots.listBots({ teamId: team.id, ...FIRST }), SEES],
  [
    'GetBot',
    ({ bots }, { bot }) => bots.getBot({ id: bot.id }),
    ['ok', 'ok', 'ok', 'ok', NO_BOT, WHO, DENIED],
  ],
  [
    'SetTeamMember',
    ({ teams }, { team, member }) =>
      teams.setTeamMember({ teamId: team.id, userId: member.id, role: TeamRole.MEMBER }),
    OWNS,
  ],
  [
    'RemoveTeamMember',
    ({ teams }, { team }) => teams.removeTeamMember({ teamId: team.id, userId: idLike('usr') }),
    OWNS,
  ],
  [
    'DeleteTeam',
    ({ teams }, { team }) => teams.deleteTeam({ id: team.id, etag: '' }),
    ['TEAM_NOT_EMPTY', DENIED, DENIED, DENIED, NO_TEAM, WHO, DENIED],
  ],
  [
    'CreateBot',
    ({ bots }, { team }) =>
      bots.createBot({ requestId: '', teamId: team.id, name: 'trader', teamSource: undefined }),
    ['NAME_TAKEN', 'NAME_TAKEN', DENIED, DENIED, NO_TEAM, WHO, DENIED],
  ],
  [
    'SetBotSource for the team',
    ({ bots }, { bot, team }) =>
      bots.setBotSource({ id: bot.id, owner: ownerOf(team.id), source: source('team') }),
    ['ok', 'ok', DENIED, DENIED, NO_BOT, WHO, DENIED],
  ],
  [
    'SetBotSource for a member',
    ({ bots }, { bot, member }) =>
      bots.setBotSource({ id: bot.id, owner: ownerOf(member.id), source: source('own') }),
    [DENIED, DENIED, 'ok', DENIED, NO_BOT, WHO, DENIED],
  ],
  [
    'DeleteBot',
    ({ bots }, { bot }) => bots.deleteBot({ id: bot.id, etag: 'stale' }),
    ['ETAG_STALE', 'ETAG_STALE', DENIED, DENIED, NO_BOT, WHO, DENIED],
  ],
];

describe('access to a team', () => {
  let house: House;
  let crew: Crew;
  let callers: Readonly<Record<Standing, Api>>;

  before(async () => {
    house = await openHouse();
    crew = await createCrew(house, 'quants');
    callers = {
      owner: house.as(crew.owner.token),
      admin: house.as(crew.admin.token),
      member: house.as(crew.member.token),
      overseer: await house.asAdmin(),
      stranger: house.as((await house.teams.createUser('stranger')).token),
      anonymous: house.as(''),
      service: await house.asService('keys'),
    };
  });
  after(() => house[Symbol.asyncDispose]());

  for (const [name, action, verdicts] of TABLE) {
    STANDINGS.forEach((standing, place) => {
      it(`answers ${name} of ${standing} with ${verdicts[place]}`, async () => {
        assert.equal(await verdictOf(action(callers[standing], crew)), verdicts[place]);
      });
    });
  }

  it('answers a stranger like for a thing that never was', async () => {
    const nothing = { ...crew, team: { ...crew.team, id: idLike('tem') } };
    nothing.bot = { ...crew.bot, id: idLike('bot') };
    for (const [name, action] of TABLE) {
      const hidden = await errorOf(action(callers.stranger, crew));
      const absent = await errorOf(action(callers.stranger, nothing));
      assert.equal(absent, hidden, name);
    }
  });

  it('shows services any team, whomever they act for', async () => {
    const { teams } = callers.service;
    const request = { teamId: crew.team.id, userId: crew.member.id, ...FIRST };
    const { members } = await teams.listTeamMembers(request, { onBehalfOf: crew.member.id });
    assert.deepEqual(
      members.map(({ userId, role }) => [userId, role]),
      [[crew.member.id, TeamRole.MEMBER]],
    );
  });

  it('lists all teams for administrators who ask, and for nobody else', async () => {
    const all = { ...FIRST, all: true };
    const { teams } = await callers.overseer.teams.listTeams(all);
    const own = await callers.overseer.teams.listTeams({ ...FIRST, all: false });
    assert.ok(teams.some(({ id }) => id === crew.team.id));
    assert.deepEqual(own.teams, []);
    await assert.rejects(callers.owner.teams.listTeams(all), { reason: DENIED });
  });

  it('keeps users and their keys from each other', async () => {
    const { users } = callers.stranger;
    const { apiKeys } = await callers.owner.users.listApiKeys({ userId: '', ...FIRST });
    const userId = crew.owner.id;
    const wish = { requestId: '', userId, name: '', expireTime: undefined, scopes: [] };

    await assert.rejects(users.getUser({ id: userId }), { reason: 'USER_NOT_FOUND' });
    await assert.rejects(users.listApiKeys({ userId, ...FIRST }), { reason: 'USER_NOT_FOUND' });
    await assert.rejects(users.createApiKey(wish), { reason: 'USER_NOT_FOUND' });
    await assert.rejects(users.revokeApiKey({ id: apiKeys[0]?.id ?? '' }), {
      reason: 'API_KEY_NOT_FOUND',
    });
    await assert.rejects(users.listUsers(FIRST), { reason: DENIED });
    await assert.rejects(users.createUser({ requestId: '', name: 'x', admin: true }), {
      reason: DENIED,
    });
  });

  it('shows an API key once, and its description ever after', async () => {
    const { users } = callers.member;
    const wish = {
      requestId: 'key-1',
      userId: '',
      name: 'laptop',
      expireTime: undefined,
      scopes: [],
    };
    const first = await users.createApiKey(wish);
    const second = await users.createApiKey(wish);
    const { apiKeys } = await users.listApiKeys({ userId: '', ...FIRST });

    assert.ok(first.secret.startsWith(first.apiKey?.prefix ?? '?'));
    assert.equal(second.secret, '');
    assert.deepEqual(second.apiKey, first.apiKey);
    assert.deepEqual(
      apiKeys.find(({ name }) => name === 'laptop'),
      first.apiKey,
    );
  });

  it('pages through a list without skipping or repeating', async () => {
    const api = house.as((await house.teams.createUser('pager')).token);
    const team = await createTeam(api, 'pages');
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await createBot(api, team.id, name);

    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await api.bots.listBots({ teamId: team.id, pageSize: 2, pageToken });
      seen.push(...page.bots.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    assert.deepEqual(seen, names);
  });

  it('takes no page token of somebody else', async () => {
    const request = { teamId: crew.team.id, userId: '', pageSize: 1, pageToken: '' };
    const { nextPageToken: pageToken } = await callers.owner.teams.listTeamMembers(request);
    assert.notEqual(pageToken, '');
    const stolen = callers.admin.teams.listTeamMembers({ ...request, pageToken });
    await assert.rejects(stolen, { reason: 'REQUEST_INVALID' });
  });
});

async function verdictOf(call: Promise<unknown>): Promise<string> {
  return (await errorOf(call))?.split(' ')[1] ?? 'ok';
}

/** All that a caller can tell one refusal from another by. */
async function errorOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof RemoteError, String(thrown));
    return `${thrown.code} ${thrown.reason} ${withoutIds(thrown.message)}`;
  }
}

function withoutIds(text: string): string {
  return text.replace(/(tem|bot|usr)_[0-9a-z]{26}/g, '$1');
}

function idLike(prefix: string): string {
  return `${prefix}_${'0'.repeat(26)}`;
}
