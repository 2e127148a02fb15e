// Goal: what cannot be accepted is refused under the name of its field, and nothing changes.
// Method: bad values of each kind, sent to the real service.

import assert from 'node:assert/strict';
import { BotSource, TeamRole } from '@ramet/proto-gen/teams.v1';
import { RemoteError } from '@ramet/rpc';
import { type Api, FIRST, type House, image, openHouse, ownerOf, source } from './test-house.js';

const USER = `usr_${'0'.repeat(26)}`;
const TEAM = `tem_${'0'.repeat(26)}`;
const BOT = `bot_${'0'.repeat(26)}`;
const MEMBER = { teamId: TEAM, userId: USER, role: TeamRole.MEMBER };
const WISH = { requestId: '', userId: '', name: '', expireTime: undefined, scopes: [] };
const BOT_WISH = { requestId: '', teamId: TEAM, name: 'b', teamSource: undefined };
const SOURCE = { id: BOT, owner: ownerOf(TEAM), source: source('a') };

type Case = readonly [string, (api: Api) => Promise<unknown>, string];

const CASES: readonly Case[] = [
  ['an empty name', ({ users }) => users.createUser(named('')), 'name'],
  ['a name in capitals', ({ users }) => users.createUser(named('ADA')), 'name'],
  ['a name with a trailing line end', ({ users }) => users.createUser(named('ada\n')), 'name'],
  ['a name of another alphabet', ({ teams }) => teams.createTeam(named('ädä')), 'name'],
  ['a huge name', ({ teams }) => teams.createTeam(named('a'.repeat(100_000))), 'name'],
  [
    'a request id with a space',
    ({ teams }) => teams.createTeam({ requestId: 'a b', name: 'a' }),
    'request_id',
  ],
  ['no id', ({ teams }) => teams.getTeam({ id: '' }), 'id'],
  ['the id of another kind', ({ teams }) => teams.getTeam({ id: BOT }), 'id'],
  ['an id with SQL in it', ({ bots }) => bots.getBot({ id: `${BOT}' or 1=1 --` }), 'id'],
  [
    'a negative page size',
    ({ teams }) => teams.listTeams({ ...FIRST, pageSize: -1, all: false }),
    'page_size',
  ],
  [
    'a page token of nobody',
    ({ teams }) => teams.listTeams({ ...FIRST, pageToken: 'x', all: false }),
    'page_token',
  ],
  ['no role', ({ teams }) => teams.setTeamMember({ ...MEMBER, role: 0 }), 'role'],
  [
    'a role that is not known',
    ({ teams }) => teams.setTeamMember({ ...MEMBER, role: 9 as TeamRole }),
    'role',
  ],
  [
    'an end in the past',
    ({ users }) => users.createApiKey({ ...WISH, expireTime: new Date(0) }),
    'expire_time',
  ],
  [
    'a long description',
    ({ users }) => users.createApiKey({ ...WISH, name: 'x'.repeat(101) }),
    'name',
  ],
  ['no owner', ({ bots }) => bots.setBotSource({ ...SOURCE, owner: undefined }), 'owner'],
  [
    'an owner of no kind',
    ({ bots }) => bots.setBotSource({ ...SOURCE, owner: { owner: undefined } }),
    'owner.owner',
  ],
  ['no source', ({ bots }) => bots.setBotSource({ ...SOURCE, source: undefined }), 'source'],
  [
    'a source of no kind',
    ({ bots }) => bots.createBot({ ...BOT_WISH, teamSource: { source: undefined, revision: 0 } }),
    'team_source.source',
  ],
  [
    'a bundle outside of its folder',
    ({ bots }) => bots.setBotSource({ ...SOURCE, source: source('../etc') }),
    'source.process.bundle',
  ],
  [
    'an empty command',
    ({ bots }) => bots.createBot({ ...BOT_WISH, teamSource: running([]) }),
    'team_source.process.command',
  ],
  [
    'an argument with a NUL in it',
    ({ bots }) => bots.createBot({ ...BOT_WISH, teamSource: running(['node', 'a\0b']) }),
    'team_source.process.command[1]',
  ],
  [
    'a tag that would leave its folder',
    ({ bots }) => bots.setBotSource({ ...SOURCE, source: source('a', '../b') }),
    'source.process.tag',
  ],
  [
    'an image without a repository',
    ({ bots }) => bots.setBotSource({ ...SOURCE, source: image({ repository: '' }) }),
    'source.image.repository',
  ],
  [
    'an image of a repository in capitals',
    ({ bots }) => bots.setBotSource({ ...SOURCE, source: image({ repository: 'Acme/bot' }) }),
    'source.image.repository',
  ],
  [
    'a tag with a space',
    ({ bots }) => bots.setBotSource({ ...SOURCE, source: image({ tag: 'v 1' }) }),
    'source.image.tag',
  ],
  [
    'a short digest',
    ({ bots }) => bots.setBotSource({ ...SOURCE, source: image({ digest: 'sha256:00' }) }),
    'source.image.digest',
  ],
  [
    'an argument of an image with a NUL in it',
    ({ bots }) => bots.setBotSource({ ...SOURCE, source: image({ command: ['a\0b'] }) }),
    'source.image.command[0]',
  ],
  ['no API key', ({ tokens }) => tokens.exchangeToken({ apiKey: '' }), 'api_key'],
  [
    'a short bootstrap token',
    ({ setup }) => setup.bootstrapAdmin({ bootstrapToken: 'x', name: 'a' }),
    'bootstrap_token',
  ],
];

describe('teams refuses', () => {
  let house: House;
  let api: Api;

  before(async () => {
    house = await openHouse();
    api = await house.asAdmin();
  });
  after(() => house[Symbol.asyncDispose]());

  for (const [what, call, field] of CASES) {
    it(`${what}, and names ${field}`, async () => {
      const thrown = await call(api).catch((error: unknown) => error);
      assert.ok(thrown instanceof RemoteError, String(thrown));
      assert.equal(thrown.reason, 'REQUEST_INVALID');
      assert.deepEqual(
        thrown.violations.map((violation) => violation.field),
        [field],
      );
    });
  }

  it('all that is wrong with a request at once', async () => {
    const request = { requestId: '!', teamId: '', userId: '', name: 'A' };
    const thrown = await api.bots
      .createBot({ ...request, teamSource: undefined })
      .catch((error: unknown) => error);
    assert.ok(thrown instanceof RemoteError);
    assert.deepEqual(thrown.violations.map(({ field }) => field).sort(), [
      'name',
      'request_id',
      'team_id',
    ]);
  });

  it('ID tokens of nobody, with nothing said of what is wrong', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const claims of [
      { iss: 'a\0', aud: 'b' },
      { iss: 'https://a.example', aud: ['b', '\0'] },
      { iss: 'https://a.example', aud: [{ b: 1 }, ['c']] },
      { iss: '\ud800', aud: 'b' },
      [],
      'a',
    ]) {
      const identityToken = `${part({ alg: 'RS256' })}.${part(claims)}.AAAA`;
      const refused = { code: 'UNAUTHENTICATED', reason: 'CREDENTIAL_INVALID' };
      await assert.rejects(api.tokens.exchangeIdentityToken({ identityToken }), refused);
    }
  });

  it('no name that differs from another by nothing visible, for there are none', async () => {
    await api.users.createUser(named('ada'));
    await assert.rejects(api.users.createUser(named('ada')), {
      code: 'ALREADY_EXISTS',
      reason: 'NAME_TAKEN',
    });
  });
});

function named(name: string) {
  return { requestId: '', name, admin: false };
}

function running(command: readonly string[]) {
  return BotSource.fromPartial({ source: { $case: 'process', value: { bundle: 'a', command } } });
}
