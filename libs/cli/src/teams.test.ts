// Goal: a person sets a mesh up, from its bootstrap token to a bot that can be cloned.
// Method: the command in this process, the real teams on a real database.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestTeams } from '@ramet/teams/testing';
import { createDatabase } from '@ramet/test/support';
import { type Ran, runIn } from './test-mesh.js';

interface Shell extends AsyncDisposable {
  readonly home: string;
  readonly bootstrapToken: string;
  /** Runs the command as whoever is logged in. */
  ramet(...args: readonly string[]): Promise<Ran>;
  /** Runs the command with JSON, and reads what it printed. */
  json<Value>(...args: readonly string[]): Promise<Value>;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

describe('ramet with real teams', () => {
  it('sets a mesh up from its bootstrap token', async () => {
    await using shell = await openShell();
    const { home, ramet, json } = shell;
    const [tokenFile, keyFile] = [join(home, 'token'), join(home, 'key')];
    await writeFile(tokenFile, `${shell.bootstrapToken}\n`);

    const made = await ramet('bootstrap', 'root', '--token-file', tokenFile, '--out', keyFile);
    const key = (await readFile(keyFile, 'utf8')).trim();
    const again = await ramet('bootstrap', 'root', '--token-file', tokenFile);
    const login = await ramet('login', '--api-key-file', keyFile);
    const me = await json<{ user: Named; teams: Named[] }>('whoami');

    assert.deepEqual([made.exitCode, again.exitCode, login.exitCode], [0, 5, 0]);
    assert.match(again.errors, /ALREADY_BOOTSTRAPPED/);
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
    for (const { out, errors } of [made, again, login]) assert.ok(!(out + errors).includes(key));
    assert.deepEqual([me.user.name, me.teams], ['root', []]);
  });

  it('makes a team with members and a bot, by their names', async () => {
    await using shell = await openShell();
    const { json } = shell;
    await becomeAdmin(shell);
    const ada = await json<Named>('users', 'create', 'ada');
    const team = await json<Named>('teams', 'create', 'quants');
    const program = ['--', 'node', 'bot.mjs', '--fast'];

    await json('teams', 'members', 'set', 'quants', 'ada', 'admin');
    const members = await json<{ userId: string; role: string }[]>(
      'teams',
      'members',
      'list',
      'quants',
    );
    await json('bots', 'create', 'trader', '--team', 'quants');
    const bot = await json<{ teamId: string; teamSource: { process: { command: string[] } } }>(
      ...['bots', 'set-source', 'quants/trader', '--bundle', 'moving-average', ...program],
    );

    const roles = members.map(({ userId, role }) => (userId === ada.id ? role : 'other'));
    assert.deepEqual(roles.sort(), ['TEAM_ROLE_ADMIN', 'other']);
    assert.equal(bot.teamId, team.id);
    assert.deepEqual(bot.teamSource.process.command, ['node', 'bot.mjs', '--fast']);
  });

  it('sets sources that are a release of a bundle, or an image', async () => {
    await using shell = await openShell();
    const { ramet, json } = shell;
    await becomeAdmin(shell);
    await json('teams', 'create', 'quants');
    await json('bots', 'create', 'trader', '--team', 'quants', '--image', 'acme/bot:v1');
    const set = ['bots', 'set-source', 'quants/trader'];
    const digest = `sha256:${'0f'.repeat(32)}`;

    const created = await ramet('bots', 'get', 'quants/trader');
    const tagged = await ramet(...set, '--bundle', 'average', '--tag', 'v2', '--', 'node', 'x');
    const pinned = await ramet(...set, '--image', `acme/bot@${digest}`, '--', 'serve');
    const refusals = await Promise.all([
      ramet(...set),
      ramet(...set, '--bundle', 'average'),
      ramet(...set, '--tag', 'v2', '--', 'node'),
      ramet(...set, '--image', 'acme/bot', '--bundle', 'average', '--', 'node'),
      ramet(...set, '--image', 'acme/bot', '--tag', 'v2'),
      ramet(...set, '--image', 'Acme/bot'),
    ]);

    assert.match(created.out, /^team source: +acme\/bot:v1 \(revision 1\)$/m);
    assert.match(tagged.out, /^team source: +average@v2 \(revision 2\): node x$/m);
    assert.match(pinned.out, /^team source: +acme\/bot@sha256:(0f){32} \(revision 3\): serve$/m);
    assert.deepEqual(
      refusals.map(({ exitCode }) => exitCode),
      [2, 2, 2, 2, 2, 2],
    );
  });

  it('makes nothing twice with the same request id', async () => {
    await using shell = await openShell();
    const { ramet, json } = shell;
    await becomeAdmin(shell);
    const create = ['users', 'create', 'ada', '--request-id', 'once'];

    const first = await json<Named>(...create);
    const second = await json<Named>(...create);
    const other = await ramet('users', 'create', 'bob', '--request-id', 'once');

    assert.equal(first.id, second.id);
    assert.equal(other.exitCode, 5);
    assert.match(other.errors, /REQUEST_ID_REUSED/);
  });

  it('shows an API key once, and it works until it is revoked', async () => {
    await using shell = await openShell();
    const { ramet, json } = shell;
    await becomeAdmin(shell);

    const created = await ramet('api-keys', 'create', 'laptop', '--expires', '30d');
    const key = created.out.trim();
    const [laptop] = (await json<Named[]>('api-keys', 'list')).filter(
      ({ name }) => name === 'laptop',
    );
    const listed = await ramet('api-keys', 'list');
    const path = join(shell.home, 'laptop');
    await writeFile(path, key);
    const before = await ramet('whoami', '--api-key-file', path);
    await ramet('api-keys', 'revoke', laptop?.id ?? '');
    const after = await ramet('whoami', '--api-key-file', path);

    assert.match(key, /^\S{20,}$/);
    assert.ok(!listed.out.includes(key));
    assert.deepEqual([before.exitCode, after.exitCode], [0, 4]);
    assert.match(after.errors, /UNAUTHENTICATED, CREDENTIAL_INVALID/);
  });

  it('brings people into a team by a code or by name, and lets them leave', async () => {
    await using shell = await openShell();
    const { home, ramet, json } = shell;
    await becomeAdmin(shell);
    await json('teams', 'create', 'quants');
    const [ada, bob] = [await userNamed(shell, 'ada'), await userNamed(shell, 'bob')];
    const code = join(home, 'code');

    const invited = await ramet('teams', 'invite', 'quants', 'admin', '--out', code);
    const joined = await ramet('teams', 'accept', '--code-file', code, ...ada.login);
    const again = await ramet('teams', 'accept', '--code-file', code, ...bob.login);
    await ramet('teams', 'invite', 'quants', 'member', '--user', 'bob', '--out', code);
    const [own] = await json<Named[]>('teams', 'invitations', ...bob.login);
    const declined = await ramet('teams', 'decline', own?.id ?? '', ...bob.login);
    const moved = await ramet('teams', 'transfer', 'quants', 'ada', '--yes');
    const left = await ramet('teams', 'leave', 'quants', '--yes');
    const open = await json<Named[]>('teams', 'invitations', 'quants', ...ada.login);
    const all = await json<{ id: string }[]>(
      'teams',
      'invitations',
      'quants',
      '--all',
      ...ada.login,
    );

    assert.deepEqual(
      [invited, joined, declined, moved, left].map(({ exitCode }) => exitCode),
      [0, 0, 0, 0, 0],
    );
    assert.equal((await stat(code)).mode & 0o777, 0o600);
    assert.match(joined.out, /^role: +ADMIN$/m);
    assert.equal(again.exitCode, 5);
    assert.match(again.errors, /INVITATION_USED/);
    assert.match(declined.out, /^state: +DECLINED$/m);
    assert.deepEqual([open.length, all.length], [0, 2]);
    assert.equal((await ramet('teams', 'accept')).exitCode, 2);
  });

  it('gives a team a program of its own, and disables people', async () => {
    await using shell = await openShell();
    const { home, ramet, json } = shell;
    await becomeAdmin(shell);
    await json('teams', 'create', 'quants');
    const ada = await userNamed(shell, 'ada');
    const create = ['service-accounts', 'create', 'quants', 'deployer', '--role', 'member'];
    const { id } = await json<Named>(...create);
    const key = join(home, 'deployer');
    await ramet('api-keys', 'create', 'ci', '--user', id, '--out', key);
    const of = ['--team', 'quants'];

    const me = await ramet('whoami', '--api-key-file', key);
    const listed = await json<Named[]>('service-accounts', 'list', 'quants');
    await ramet('service-accounts', 'disable', 'deployer', ...of, '--reason', 'lost');
    const disabled = await ramet('whoami', '--api-key-file', key);
    await ramet('service-accounts', 'enable', 'deployer', ...of);
    const enabled = await ramet('whoami', '--api-key-file', key);
    const gone = await ramet('service-accounts', 'delete', 'deployer', ...of, '--yes');
    await ramet('admin', 'users', 'disable', 'ada', '--reason', 'left', '--yes');
    const refused = await ramet('whoami', ...ada.login);
    await ramet('admin', 'users', 'enable', 'ada');
    const back = await ramet('whoami', ...ada.login);

    assert.match(me.out, /^name: +deployer$/m);
    assert.deepEqual(
      listed.map((account) => account.id),
      [id],
    );
    const codes = [me, disabled, enabled, gone, refused, back].map(({ exitCode }) => exitCode);
    assert.deepEqual(codes, [0, 4, 0, 0, 4, 0]);
  });

  it('tells bad names with their field and a trace', async () => {
    await using shell = await openShell();
    await becomeAdmin(shell);

    const { exitCode, errors } = await shell.ramet('teams', 'create', 'Not A Label');

    assert.equal(exitCode, 2);
    assert.match(errors, /^ {2}name: /m);
  });
});

async function openShell(): Promise<Shell> {
  const database = await createDatabase();
  const teams = await startTestTeams({ databaseUrl: database.url });
  const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
  const ramet = (...args: readonly string[]): Promise<Ran> => {
    return runIn(args, { home, env: { RAMET_TEAMS: teams.address } });
  };
  return {
    home,
    bootstrapToken: teams.bootstrapToken,
    ramet,
    async json<Value>(...args: readonly string[]) {
      const { exitCode, out, errors } = await ramet('--json', ...args);
      assert.equal(exitCode, 0, errors);
      return JSON.parse(out) as Value;
    },
    async [Symbol.asyncDispose]() {
      await teams[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
}

async function becomeAdmin({ home, bootstrapToken, ramet }: Shell): Promise<void> {
  const [tokenFile, keyFile] = [join(home, 'token'), join(home, 'key')];
  await writeFile(tokenFile, bootstrapToken);
  await ramet('bootstrap', 'root', '--token-file', tokenFile, '--out', keyFile);
  await ramet('login', '--api-key-file', keyFile);
}

/** A new user, and the options to run the command as them. */
async function userNamed(
  { home, ramet, json }: Shell,
  name: string,
): Promise<{ readonly id: string; readonly login: readonly string[] }> {
  const { id } = await json<Named>('users', 'create', name);
  const key = join(home, name);
  await ramet('api-keys', 'create', name, '--user', name, '--out', key);
  return { id, login: ['--api-key-file', key] };
}
