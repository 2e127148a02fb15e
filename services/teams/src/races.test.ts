// Goal: two who want the same thing at once do not both get it.
// Method: two replicas on one database, each asked by half of the callers.

import assert from 'node:assert/strict';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { RemoteError } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import { type Api, apiOf, createTeam } from './test-house.js';
import { makeTokenKeys, startTestTeams, type TestTeams } from './testing.js';

const BOTH = [0, 1] as const;

describe('two replicas of teams', () => {
  let scope: Scope;
  let replicas: readonly [TestTeams, TestTeams];
  let adminToken: string;

  before(async () => {
    scope = new Scope();
    const { url: databaseUrl } = scope.use(await createDatabase());
    const options = { databaseUrl, tokenKeys: makeTokenKeys() };
    const [one, two] = await Promise.all([startTestTeams(options), startTestTeams(options)]);
    replicas = [scope.use(one), scope.use(two)];
  });
  after(() => scope[Symbol.asyncDispose]());

  it('make one first administrator', async () => {
    const outcomes = await Promise.all(
      [...BOTH, ...BOTH, ...BOTH].map((place, caller) => {
        const { bootstrapToken, address } = replicas[place];
        const { setup } = apiOf(address, '', scope);
        return outcomeOf(setup.bootstrapAdmin({ bootstrapToken, name: `root-${caller}` }));
      }),
    );

    const made = outcomes.filter((outcome) => typeof outcome !== 'string');
    assert.equal(made.length, 1);
    assert.deepEqual(outcomes.filter((outcome) => typeof outcome === 'string').sort(), [
      ...Array.from({ length: 5 }, () => 'ALREADY_BOOTSTRAPPED'),
    ]);
    const [admin] = made;
    const { tokens } = apiOf(replicas[0].address, '', scope);
    adminToken = (await tokens.exchangeToken({ apiKey: admin?.apiKey ?? '' })).token;
  });

  it('create one thing for one request id, whoever is asked', async () => {
    const ask = (place: 0 | 1) =>
      as(place).users.createUser({ requestId: 'twin', name: 'twin', admin: false });
    const answers = await Promise.all([...BOTH, ...BOTH, ...BOTH].map(ask));

    assert.equal(new Set(answers.map(({ user }) => user?.id)).size, 1);
    const { users } = await as(0).users.listUsers({ pageSize: 0, pageToken: '' });
    assert.equal(users.filter(({ name }) => name === 'twin').length, 1);
  });

  it('take a request id for one request only', async () => {
    const other = { requestId: 'twin', name: 'other', admin: false };
    await assert.rejects(as(1).users.createUser(other), {
      code: 'ALREADY_EXISTS',
      reason: 'REQUEST_ID_REUSED',
    });
    await assert.rejects(as(1).teams.createTeam({ requestId: 'twin', name: 'twin' }), {
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('show a repeated request the thing as it has become', async () => {
    const wish = { requestId: 'team-1', name: 'becoming' };
    const { team } = await as(0).teams.createTeam(wish);
    await as(1).teams.deleteTeam({ id: team?.id ?? '', etag: '' });
    const again = await as(0).teams.createTeam(wish);
    assert.equal(again.team?.id, team?.id);
    assert.ok(again.team?.deleteTime);
  });

  it('keep no request id of a request that failed', async () => {
    const wish = { requestId: 'retry', name: 'taken' };
    const team = await createTeam(as(0), 'taken');
    await assert.rejects(as(1).teams.createTeam(wish), { reason: 'NAME_TAKEN' });
    await as(0).teams.deleteTeam({ id: team.id, etag: '' });
    assert.equal((await as(1).teams.createTeam(wish)).team?.name, 'taken');
  });

  it('give a name to one', async () => {
    const outcomes = await Promise.all(
      [...BOTH, ...BOTH].map((place) =>
        outcomeOf(as(place).teams.createTeam({ requestId: '', name: 'wanted' })),
      ),
    );
    assert.deepEqual(
      outcomes.filter((outcome) => typeof outcome === 'string'),
      ['NAME_TAKEN', 'NAME_TAKEN', 'NAME_TAKEN'],
    );
  });

  it('leave an owner when all owners go at once', async () => {
    const team = await createTeam(as(0), 'leaving');
    const { user: self } = await as(0).users.getUser({ id: '' });
    const { user: other } = await as(0).users.createUser({
      requestId: '',
      name: 'other-owner',
      admin: true,
    });
    const otherToken = await replicas[1].sign({ kind: 'user', id: other?.id ?? '', admin: true });
    const member = { teamId: team.id, userId: other?.id ?? '', role: TeamRole.OWNER };
    await as(0).teams.setTeamMember(member);

    const outcomes = await Promise.all([
      outcomeOf(as(0).teams.removeTeamMember({ teamId: team.id, userId: self?.id ?? '' })),
      outcomeOf(apiOf(replicas[1].address, otherToken, scope).teams.removeTeamMember(member)),
    ]);

    assert.deepEqual(
      outcomes.filter((outcome) => typeof outcome === 'string'),
      ['LAST_OWNER'],
    );
  });

  it('delete no team in which a bot appears meanwhile', async () => {
    const team = await createTeam(as(0), 'busy');
    const wish = { requestId: '', teamId: team.id, name: 'late', teamSource: undefined };
    const [deleted, created] = await Promise.all([
      outcomeOf(as(0).teams.deleteTeam({ id: team.id, etag: '' })),
      outcomeOf(as(1).bots.createBot(wish)),
    ]);
    const refused = [deleted, created].filter((outcome) => typeof outcome === 'string');
    assert.equal(refused.length, 1);
    assert.match(refused[0] ?? '', /^(TEAM_NOT_EMPTY|TEAM_NOT_FOUND)$/);
  });

  function as(place: 0 | 1): Api {
    return apiOf(replicas[place].address, adminToken, scope);
  }
});

/** What came back, or the reason why nothing did. */
async function outcomeOf<Answer extends object>(call: Promise<Answer>): Promise<Answer | string> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof RemoteError) return thrown.reason;
    throw thrown;
  }
}
