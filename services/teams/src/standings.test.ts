// Goal: administrators say who is denied and who has access; it holds at once, and is never lost.
// Method: two replicas on one database; what one was told is asked of the other.

import assert from 'node:assert/strict';
import { EntitledKind, type Standing, StandingView } from '@ramet/proto-gen/teams.v1';
import { Scope } from '@ramet/service';
import { type Api, apiOf, FIRST, type House, openHouse, ownerOf } from './test-house.js';
import { startTestTeams } from './testing.js';

const { BOT, WORKFLOW, INSTANCE } = EntitledKind;
const MISSING_USER = ownerOf(`usr_${'0'.repeat(26)}`);
const MISSING_TEAM = ownerOf(`tem_${'0'.repeat(26)}`);

describe('the lists of owners', () => {
  let scope: Scope;
  let house: House;
  let admin: Api;
  let elsewhere: Api;
  let rootId: string;

  before(async () => {
    scope = new Scope();
    house = scope.use(await openHouse());
    const { databaseUrl } = house;
    const options = { databaseUrl, tokenKeys: house.teams.tokenKeys };
    const other = scope.use(await startTestTeams(options));
    const root = await house.teams.admin();
    rootId = root.id;
    admin = house.as(root.token);
    elsewhere = apiOf(other.address, root.token, scope);
  });
  after(() => scope[Symbol.asyncDispose]());

  it('have nobody on them at first', async () => {
    const { id } = await house.teams.createUser('blank');
    const { standing } = await admin.standings.getStanding({ owner: ownerOf(id) });
    assert.deepEqual(standing, {
      owner: ownerOf(id),
      denial: undefined,
      access: undefined,
      seq: 0,
      actor: '',
      reason: '',
      updateTime: undefined,
    });
  });

  it('tell who, when and why, the same by every way', async () => {
    const { id } = await house.teams.createUser('listed');
    const owner = ownerOf(id);
    const kinds = [INSTANCE, BOT];
    const granted = await admin.standings.grantAccess({ owner, kinds, reason: 'a contract' });
    const { standing } = await admin.standings.denyOwner({ owner, reason: 'mines coins' });
    const actor = `user:${rootId}`;
    const [accessTime, time] = [granted.standing?.updateTime, standing?.updateTime];
    assert.ok(time && accessTime && accessTime <= time);
    assert.deepEqual(standing, {
      owner,
      denial: { reason: 'mines coins', actor, time },
      access: { kinds: [BOT, INSTANCE], reason: 'a contract', actor, time: accessTime },
      seq: 2,
      actor,
      reason: 'mines coins',
      updateTime: time,
    });

    assert.deepEqual((await elsewhere.standings.getStanding({ owner })).standing, standing);
    const lifecycle = await house.asService('lifecycle');
    const asked = [id, MISSING_USER.owner.value, MISSING_TEAM.owner.value];
    const { standings, accessListEnabled } = await lifecycle.access.getStandings({
      ownerIds: asked,
    });
    assert.deepEqual(standings, [standing]);
    assert.equal(accessListEnabled, false);
    const { standings: all } = await listAll(admin, StandingView.UNSPECIFIED);
    assert.deepEqual(
      all.find((each) => idOf(each) === id),
      standing,
    );
  });

  it('want a reason, kinds, and an owner who is there', async () => {
    const { id } = await house.teams.createUser('wanting');
    const { standings } = admin;
    const owner = ownerOf(id);
    const reason = 'x';
    for (const wrong of ['', 'x'.repeat(501)]) {
      const asked = { owner, reason: wrong };
      const calls = [
        standings.denyOwner(asked),
        standings.allowOwner(asked),
        standings.grantAccess({ ...asked, kinds: [BOT] }),
        standings.withdrawAccess(asked),
      ];
      await allRejected(calls, withField('INVALID_ARGUMENT', 'reason'));
    }
    for (const kinds of [[], [BOT, BOT]]) {
      const call = standings.grantAccess({ owner, kinds, reason });
      await assert.rejects(call, withField('INVALID_ARGUMENT', 'kinds'));
    }
    const unknown = standings.grantAccess({ owner, kinds: [EntitledKind.UNSPECIFIED], reason });
    await assert.rejects(unknown, withField('INVALID_ARGUMENT', 'kinds[0]'));
    const nobody = standings.denyOwner({ owner: undefined, reason });
    await assert.rejects(nobody, withField('INVALID_ARGUMENT', 'owner'));

    for (const [missing, expected] of [
      [MISSING_USER, 'USER_NOT_FOUND'],
      [MISSING_TEAM, 'TEAM_NOT_FOUND'],
    ] as const) {
      const calls = [
        standings.denyOwner({ owner: missing, reason }),
        standings.allowOwner({ owner: missing, reason }),
        standings.grantAccess({ owner: missing, kinds: [BOT], reason }),
        standings.withdrawAccess({ owner: missing, reason }),
        standings.getStanding({ owner: missing }),
      ];
      await allRejected(calls, { code: 'NOT_FOUND', reason: expected });
    }
    assert.equal((await standings.getStanding({ owner })).standing?.seq, 0);
  });

  it('take the longest reason, in any script', async () => {
    const { id } = await house.teams.createUser('wordy');
    const reason = '\u{1f9ec}'.repeat(500);
    const { standing } = await admin.standings.denyOwner({ owner: ownerOf(id), reason });
    assert.equal(standing?.denial?.reason, reason);
  });

  it('are for administrators, and one by one for lifecycle', async () => {
    const { id, token } = await house.teams.createUser('nosy');
    const owner = ownerOf(id);
    const service = await house.asService('lifecycle');
    for (const { standings } of [house.as(token), service]) {
      const calls = [
        standings.denyOwner({ owner, reason: 'x' }),
        standings.allowOwner({ owner, reason: 'x' }),
        standings.grantAccess({ owner, kinds: [BOT], reason: 'x' }),
        standings.withdrawAccess({ owner, reason: 'x' }),
        standings.getStanding({ owner }),
        standings.getStanding({ owner: MISSING_USER }),
        standings.listStandings({ view: StandingView.UNSPECIFIED, ...FIRST }),
      ];
      await allRejected(calls, { reason: 'PERMISSION_DENIED' });
    }
    for (const { access } of [admin, house.as(token), await house.asService('keys')]) {
      const call = access.getStandings({ ownerIds: [id] });
      await assert.rejects(call, { reason: 'PERMISSION_DENIED' });
    }
  });

  it('hold for a team that was deleted', async () => {
    const { token } = await house.teams.createUser('past');
    const { team } = await house.as(token).teams.createTeam({ requestId: '', name: 'past' });
    const id = team?.id ?? '';
    await house.as(token).teams.deleteTeam({ id, etag: '' });
    const { standing } = await admin.standings.denyOwner({ owner: ownerOf(id), reason: 'x' });
    assert.equal(standing?.seq, 1);
  });

  it('page through who is on them, and leave out who was taken off', async () => {
    const ids = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(
        async (name) => (await house.teams.createUser(`page-${name}`)).id,
      ),
    );
    const { standings } = admin;
    for (const [place, id] of ids.entries()) {
      const owner = ownerOf(id);
      if (place % 2 === 0) await standings.denyOwner({ owner, reason: 'x' });
      else await standings.grantAccess({ owner, kinds: [WORKFLOW], reason: 'x' });
    }
    await standings.allowOwner({ owner: ownerOf(ids[0] ?? ''), reason: 'x' });

    const on = async (view: StandingView) =>
      (await listAll(admin, view)).standings.map(idOf).filter((id) => ids.includes(id));
    const [, b, c, d, e] = [...ids];
    assert.deepEqual(await on(StandingView.DENIED), [c, e].toSorted());
    assert.deepEqual(await on(StandingView.ACCESS), [b, d].toSorted());
    assert.deepEqual(await on(StandingView.UNSPECIFIED), [b, c, d, e].toSorted());

    const { pages } = await listAll(admin, StandingView.UNSPECIFIED);
    assert.ok(pages > 1);
    const page = await standings.listStandings({
      view: StandingView.UNSPECIFIED,
      pageSize: 1,
      pageToken: '',
    });
    const pageToken = page.nextPageToken;
    const otherView = standings.listStandings({
      view: StandingView.DENIED,
      pageSize: 1,
      pageToken,
    });
    await assert.rejects(otherView, { reason: 'REQUEST_INVALID' });
  });

  it('leave the owner as they are', async () => {
    const { id, token } = await house.teams.createUser('untouched');
    const before = await house.as(token).users.getUser({ id: '' });
    await admin.standings.denyOwner({ owner: ownerOf(id), reason: 'x' });
    assert.deepEqual(await house.as(token).users.getUser({ id: '' }), before);
  });
});

/** Reads a list to its end, two at a time. */
async function listAll({ standings }: Api, view: StandingView) {
  const all: Standing[] = [];
  let pageToken = '';
  let pages = 0;
  do {
    const page = await standings.listStandings({ view, pageSize: 2, pageToken });
    all.push(...page.standings);
    pageToken = page.nextPageToken;
    pages += 1;
  } while (pageToken !== '');
  return { standings: all, pages };
}

function idOf({ owner }: Standing): string {
  return owner?.owner?.value ?? '';
}

/** Wants every one of the calls to be refused like this. */
async function allRejected(calls: readonly Promise<unknown>[], like: Refusal): Promise<void> {
  await Promise.all(calls.map((call) => assert.rejects(call, like)));
}

type Refusal = Record<string, string> | ((thrown: unknown) => boolean);

/** Tells whether an error is of a code and names a field. */
function withField(code: string, field: string) {
  return (thrown: unknown): boolean => {
    const { code: found, violations } = thrown as {
      code: string;
      violations: readonly { readonly field: string }[];
    };
    assert.deepEqual([found, violations.map((each) => each.field)], [code, [field]]);
    return true;
  };
}
