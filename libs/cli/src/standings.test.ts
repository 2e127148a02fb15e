// Goal: an administrator says who is denied and who has access, and finds out later.
// Method: the command in this process; the real teams on a real database, and answers of a test.
import assert from 'node:assert/strict';
import { EntitledKind } from '@ramet/proto-gen/teams.v1';
import { type Clock, Scope, systemClock } from '@ramet/service';
import { startTestTeams, type TestTeams, type TestUser } from '@ramet/teams/testing';
import { createDatabase } from '@ramet/test/support';
import { type Ran, runCommand, runIn, startTestMesh } from './test-mesh.js';

const NOW = new Date('2030-01-03T00:00:00Z');
const CLOCK: Clock = { ...systemClock, now: () => NOW };
const TEAM_ID = `tem_${'2'.repeat(26)}`;

interface StandingJson {
  readonly owner: { readonly userId?: string; readonly teamId?: string };
  readonly denial?: { readonly reason: string; readonly actor: string };
  readonly access?: { readonly kinds: readonly string[] };
  readonly seq?: number;
}

describe('ramet admin', () => {
  let scope: Scope;
  let teams: TestTeams;
  let root: TestUser;
  let ada: TestUser;

  before(async () => {
    scope = new Scope();
    const { url: databaseUrl } = scope.use(await createDatabase());
    teams = scope.use(await startTestTeams({ databaseUrl }));
    root = await teams.admin();
    ada = await teams.createUser('ada');
    await ramet(['teams', 'create', 'quants'], ada);
  });
  after(() => scope[Symbol.asyncDispose]());

  it('denies a user by name, and allows them again', async () => {
    const denied = await json(['admin', 'deny', 'user:ada', '--reason', 'mines coins']);
    assert.equal(denied.owner.userId, ada.id);
    assert.deepEqual(
      [denied.denial?.reason, denied.denial?.actor],
      ['mines coins', `user:${root.id}`],
    );
    assert.deepEqual(await json(['admin', 'standing', ada.id]), denied);
    const allowed = await json(['admin', 'allow', 'user:ada', '--reason', 'a mistake']);
    assert.deepEqual([allowed.denial, allowed.seq], [undefined, 2]);
  });

  it('gives a team access by its name, though the administrator is not in it', async () => {
    const kinds = ['--kind', 'instance', '--kind', 'BOT', '--kind', 'bot'];
    const grant = ['admin', 'grant-access', 'team:quants', ...kinds, '--reason', 'a contract'];
    const granted = await json(grant);
    assert.match(granted.owner.teamId ?? '', /^tem_/);
    assert.deepEqual(granted.access?.kinds, ['ENTITLED_KIND_BOT', 'ENTITLED_KIND_INSTANCE']);
    assert.deepEqual(await json(grant), granted);

    const listed = JSON.parse((await ramet(['--json', 'admin', 'standings'])).out);
    assert.deepEqual(listed, [granted]);
    const none = await ramet(['--json', 'admin', 'standings', '--list', 'denied']);
    assert.deepEqual(JSON.parse(none.out), []);

    const withdraw = ['admin', 'withdraw-access', 'quants', '--reason', 'the end'];
    assert.equal((await json(withdraw)).access, undefined);
  });

  it('wants a reason, a kind that there is, and an owner who is there', async () => {
    const reason = ['--reason', 'x'];
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['deny', 'user:ada'], 2, /--reason/],
      [['deny', 'user:ada', '--reason', ''], 2, /reason/],
      [['grant-access', 'user:ada', ...reason], 2, /--kind/],
      [['grant-access', 'user:ada', '--kind', 'robot', ...reason], 2, /none of bot, workflow/],
      [['standings', '--list', 'all'], 2, /none of denied, access/],
      [['deny', 'user:nobody', ...reason], 3, /no user 'nobody'/],
      [['deny', 'team:nobody', ...reason], 3, /no team 'nobody'/],
      [['deny', TEAM_ID, ...reason], 3, /TEAM_NOT_FOUND/],
      [['standing', `usr_${'0'.repeat(26)}`], 3, /USER_NOT_FOUND/],
    ];
    for (const [args, exitCode, told] of cases) {
      const ran = await ramet(['admin', ...args]);
      assert.equal(ran.exitCode, exitCode, `${args}: ${ran.errors}`);
      assert.match(ran.errors, told);
    }
  });

  it('is for administrators', async () => {
    for (const args of [['standings'], ['standing', ada.id], ['deny', ada.id, '--reason', 'x']]) {
      const { exitCode, errors } = await ramet(['admin', ...args], ada);
      assert.equal(exitCode, 4);
      assert.match(errors, /PERMISSION_DENIED/);
    }
  });

  it('asks a person before all that somebody owns is deleted', async () => {
    const deny = ['admin', 'deny', 'team:quants', '--reason', 'x'];
    const no = await ramet(deny, root, ['n']);
    assert.equal(no.exitCode, 2);
    assert.equal((await json(['admin', 'standing', 'team:quants'])).denial, undefined);
    assert.equal((await ramet(deny, root, ['y'])).exitCode, 0);
    assert.equal((await json(['admin', 'standing', 'team:quants'])).denial?.reason, 'x');
    assert.equal((await ramet(['admin', 'allow', 'team:quants', '--reason', 'x'])).exitCode, 0);
  });

  it('shows people who, since when and why', async () => {
    await using mesh = await startTestMesh({ admin: true, standings: ANSWERS });
    const at = (...args: string[]) =>
      runCommand(`127.0.0.1:${mesh.port}`, ['admin', ...args], { clock: CLOCK });
    assert.equal(
      (await at('standing', TEAM_ID)).out,
      [
        `owner:            ${TEAM_ID}`,
        'denied:           yes',
        'denied because:   mines coins',
        'denied since:     2030-01-01T00:00:00.000Z',
        'denied by:        user:root',
        'entitled to:      bot, instance',
        'access because:   a contract',
        'access since:     2030-01-02T00:00:00.000Z',
        'access by:        user:other',
        'changed:          2030-01-02T00:00:00.000Z',
        'changed by:       user:other',
        'changed because:  a contract',
        '',
      ].join('\n'),
    );
    assert.equal(
      (await at('standings')).out,
      [
        'OWNER                           DENIED  ENTITLED TO    CHANGED  REASON',
        `${TEAM_ID}  2d      bot, instance  1d       a contract`,
        '',
      ].join('\n'),
    );
  });

  async function ramet(
    args: readonly string[],
    who = root,
    answers?: readonly string[],
  ): Promise<Ran> {
    const env = { RAMET_TEAMS: teams.address, RAMET_API_KEY: who.apiKey };
    return runIn(args, { env, ...(answers && { answers }) });
  }

  async function json(args: readonly string[]): Promise<StandingJson> {
    const { exitCode, out, errors } = await ramet(['--json', ...args]);
    assert.equal(exitCode, 0, errors);
    return JSON.parse(out);
  }
});

const STANDING = {
  owner: { owner: { $case: 'teamId' as const, value: TEAM_ID } },
  denial: { reason: 'mines coins', actor: 'user:root', time: new Date('2030-01-01T00:00:00Z') },
  access: {
    kinds: [EntitledKind.BOT, EntitledKind.INSTANCE],
    reason: 'a contract',
    actor: 'user:other',
    time: new Date('2030-01-02T00:00:00Z'),
  },
  seq: 2,
  actor: 'user:other',
  reason: 'a contract',
  updateTime: new Date('2030-01-02T00:00:00Z'),
};

const ANSWERS = {
  getStanding: async () => ({ standing: STANDING }),
  listStandings: async () => ({ standings: [STANDING], nextPageToken: '' }),
};
