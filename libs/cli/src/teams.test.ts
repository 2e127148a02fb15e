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
