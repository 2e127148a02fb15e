// Goal: an administrator lets a provider in, changes what it may do, and shuts it out.
// Method: the command in this process; the real teams on a real database.
import assert from 'node:assert/strict';
import { Scope } from '@ramet/service';
import { startTestTeams, type TestTeams, type TestUser } from '@ramet/teams/testing';
import { createDatabase } from '@ramet/test/support';
import { type Ran, runIn } from '../../test-mesh.js';

const ADDRESS = `0x${'a'.repeat(40)}`;
const REGISTER = ['register', 'ocean', '--address', ADDRESS, '--action', 'clones.create'];

describe('ramet admin providers', () => {
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
  });
  after(() => scope[Symbol.asyncDispose]());

  it('registers one, changes it by its name, and lists it', async () => {
    const made = await json([...REGISTER, '--user', 'user:ada']);
    assert.deepEqual([made.userId, made.address], [ada.id, ADDRESS]);
    assert.match(made.meshId, /^msh_[0-9a-z]{26}$/);
    const more = ['--action', 'clones.stop', '--action', 'clones.get', '--disable'];
    const changed = await json(['update', 'ocean', ...more]);
    assert.deepEqual(changed.actions, ['clones.stop', 'clones.get']);
    assert.ok(changed.disableTime);
    const back = await json(['update', made.id, '--enable']);
    assert.equal(back.disableTime, undefined);
    assert.deepEqual(await json(['get', 'ocean']), back);
    assert.deepEqual(await json(['list']), [back]);
  });

  it('says what is wrong', async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [[...REGISTER, '--user', 'user:nobody'], 3, /nobody/],
      [['register', 'x', '--address', '0x1', '--user', ada.id, '--action', 'a.b'], 2, /address/],
      [['register', 'x', '--address', ADDRESS, '--user', ada.id], 2, /--action/],
      [['update', 'nobody', '--disable'], 2, /no provider/],
      [['update', 'ocean', '--disable', '--enable'], 2, /not both/],
    ];
    for (const [args, exitCode, told] of cases) {
      const ran = await ramet(args);
      assert.equal(ran.exitCode, exitCode, ran.errors);
      assert.match(ran.errors, told);
    }
    assert.equal((await ramet(['list'], ada)).exitCode, 4);
  });

  function ramet(args: readonly string[], who = root): Promise<Ran> {
    const env = { RAMET_TEAMS: teams.address, RAMET_API_KEY: who.apiKey };
    return runIn(['--json', 'admin', 'providers', ...args], { env });
  }

  async function json(args: readonly string[]) {
    const { exitCode, out, errors } = await ramet(args);
    assert.equal(exitCode, 0, errors);
    return JSON.parse(out);
  }
});
