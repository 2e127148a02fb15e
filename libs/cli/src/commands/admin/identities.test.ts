// Goal: an administrator trusts an identity provider, changes how far, and says who its people are.
// Method: the command in this process; the real teams on a real database.
import assert from 'node:assert/strict';
import { Scope } from '@ramet/service';
import { startTestTeams, type TestTeams, type TestUser } from '@ramet/teams/testing';
import { createDatabase } from '@ramet/test/support';
import { type Ran, runIn } from '../../test-mesh.js';

const ACME = {
  name: 'acme',
  kind: 'IDENTITY_PROVIDER_KIND_PEOPLE',
  issuer: 'https://id.acme.org',
  audience: 'ramet-cli',
  autoCreate: false,
};

describe('ramet admin identity-providers and identities', () => {
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

  it('trust a provider as a file says, and link its people', async () => {
    const made = await json(['identity-providers', 'create', '-'], ACME);
    assert.deepEqual([made.name, made.issuer, made.audience], ['acme', ACME.issuer, 'ramet-cli']);
    assert.deepEqual(await json(['identity-providers', 'list']), [made]);

    const linked = await json(['identities', 'link', 'acme', 'ada@there', 'ada']);
    assert.deepEqual([linked.providerId, linked.userId], [made.id, ada.id]);
    assert.deepEqual(await json(['identities', 'list', ada.id]), [linked]);
    await done(['identities', 'unlink', linked.id]);
    assert.deepEqual(await json(['identities', 'list', ada.id]), []);
  });

  it('change what a file says, and nothing else', async () => {
    const [before] = await json(['identity-providers', 'list']);
    const changed = await json(['identity-providers', 'update', 'acme', '-'], {
      ...{ algorithms: ['ES256'], autoCreate: true, etag: before.etag },
    });
    const { audience, algorithms, autoCreate } = changed;
    assert.deepEqual([audience, algorithms, autoCreate], ['ramet-cli', ['ES256'], true]);
    await done(['identity-providers', 'delete', 'acme']);
    assert.deepEqual(await json(['identity-providers', 'list']), []);
  });

  it('say what is wrong', async () => {
    const cases: readonly (readonly [readonly string[], object, number, RegExp])[] = [
      [['identity-providers', 'create', '-'], { ...ACME, issuer: 'http://a.org' }, 2, /issuer/],
      [['identity-providers', 'create', '-'], { ...ACME, isuer: 'x' }, 2, /isuer/],
      [['identity-providers', 'update', 'nobody', '-'], {}, 2, /no identity provider/],
      [['identities', 'link', 'nobody', 's', 'ada'], {}, 2, /no identity provider/],
      [['identities', 'list', 'nobody'], {}, 3, /nobody/],
      [['identities', 'unlink', 'idn_x'], {}, 2, /id/],
    ];
    for (const [args, file, exitCode, told] of cases) {
      const ran = await ramet(args, file);
      assert.equal(ran.exitCode, exitCode, ran.errors);
      assert.match(ran.errors, told);
    }
    assert.equal((await ramet(['identity-providers', 'list'], {}, ada)).exitCode, 4);
  });

  function ramet(args: readonly string[], file: object = {}, who = root): Promise<Ran> {
    const env = { RAMET_TEAMS: teams.address, RAMET_API_KEY: who.apiKey };
    return runIn(['--json', 'admin', ...args], { env, input: JSON.stringify(file) });
  }

  async function done(args: readonly string[], file?: object): Promise<string> {
    const { exitCode, out, errors } = await ramet(args, file);
    assert.equal(exitCode, 0, errors);
    return out;
  }

  async function json(args: readonly string[], file?: object) {
    return JSON.parse(await done(args, file));
  }
});
