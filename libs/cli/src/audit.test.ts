// Goal: somebody finds out who did what, and who tried what they may not.
// Method: the command in this process; the real teams on a real database.
import assert from 'node:assert/strict';
import { Scope } from '@ramet/service';
import { startTestTeams, type TestTeams, type TestUser } from '@ramet/teams/testing';
import { createDatabase } from '@ramet/test/support';
import { type Ran, runIn } from './test-mesh.js';

interface RecordJson {
  readonly callerId: string;
  readonly action: string;
  readonly code: string;
  readonly targets: readonly string[];
  readonly position: string;
}

describe('ramet audit', () => {
  let scope: Scope;
  let teams: TestTeams;
  let root: TestUser;
  let ada: TestUser;
  let teamId: string;

  before(async () => {
    scope = new Scope();
    const { url: databaseUrl } = scope.use(await createDatabase());
    teams = scope.use(await startTestTeams({ databaseUrl }));
    root = await teams.admin();
    ada = await teams.createUser('ada');
    teamId = JSON.parse((await ramet(['--json', 'teams', 'create', 'quants'], ada)).out).id;
    assert.equal((await ramet(['admin', 'standing', ada.id], ada)).exitCode, 4);
    await exported(({ action }) => action === 'standings.get');
  });
  after(() => scope[Symbol.asyncDispose]());

  it('shows an administrator who did what to a thing, and who made it', async () => {
    const [record] = await list(['--target', teamId, '--action', 'teams.*'], root);
    assert.deepEqual(
      [record?.callerId, record?.action, record?.code],
      [ada.id, 'teams.create', 'OK'],
    );
  });

  it('shows who was refused', async () => {
    const records = await list(['--refused', '--caller', ada.id, '--since', '1h'], root);
    assert.ok(records.length > 0);
    assert.ok(records.every(({ code }) => code === 'PERMISSION_DENIED'));
  });

  it('shows others nothing but their own', async () => {
    const records = await list([], ada);
    assert.ok(records.some(({ action }) => action === 'teams.create'));
    assert.ok(records.every(({ callerId }) => callerId === ada.id));
  });

  it('says which services it does not ask, and which there are not', async () => {
    const { errors, exitCode } = await ramet(['audit', 'list'], root);
    assert.equal(exitCode, 0);
    assert.match(errors, /nobody knows where they are: keys, lifecycle, executor/);
    const unknown = await ramet(['audit', 'list', '--service', 'banks'], root);
    assert.equal(unknown.exitCode, 2);
  });

  it('goes on with an export where it has ended', async () => {
    const [first] = await exported(() => true);
    const [next] = await exported(() => true, first?.position);
    assert.ok(BigInt(next?.position ?? 0) > BigInt(first?.position ?? 0));
  });

  function ramet(args: readonly string[], who: TestUser, more: object = {}): Promise<Ran> {
    return runIn(args, {
      env: { RAMET_TEAMS: teams.address, RAMET_API_KEY: who.apiKey },
      ...more,
    });
  }

  async function list(args: readonly string[], who: TestUser): Promise<readonly RecordJson[]> {
    const ran = await ramet(['--json', 'audit', 'list', '--service', 'teams', ...args], who);
    assert.equal(ran.exitCode, 0, ran.errors);
    return JSON.parse(ran.out);
  }

  /** Exports until a record is as wanted. */
  async function exported(
    wanted: (record: RecordJson) => boolean,
    after = '0',
  ): Promise<readonly RecordJson[]> {
    const interrupt = new AbortController();
    const args = ['--json', 'audit', 'export', 'teams', '--after', after];
    let printed = '';
    const recordsIn = (): readonly RecordJson[] =>
      printed
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    await ramet(args, root, {
      signal: interrupt.signal,
      onPrint: (text: string) => {
        printed += text;
        if (recordsIn().some(wanted)) interrupt.abort();
      },
    });
    return recordsIn().filter(wanted);
  }
});
