// Goal: people find out from the command itself why a key cannot be had, and bring their keys as they have them.
// Method: the command in this process, against services that are played.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CreateKeyRequest, Grant, Key, KeyState } from '@ramet/proto-gen/keys.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import { type Answers, runCommand, startTestMesh, USER_ID, USER_TOKEN } from '../test-mesh.js';

const KEY_ID = `key_${'5'.repeat(26)}`;
const CREATE = ['keys', 'create', 'hot', '--algorithm', 'ecdsa-secp256k1'];
const CLONE = ['clones', 'create', '--template', `tpl_${'6'.repeat(26)}`, '--key', 'paper'];

describe('ramet keys', () => {
  it('takes a private key in hex', async () => {
    const asked: CreateKeyRequest[] = [];
    await using mesh = await startTestMesh({ keys: creating(asked) });
    const args = [...CREATE, '--secret-file', '-', '--secret-encoding', 'hex'];

    const ran = await runCommand(mesh.address, args, { input: `0x${'0f'.repeat(32)}\n` });
    const odd = await runCommand(mesh.address, args, { input: 'correct horse\n' });

    assert.equal(ran.exitCode, 0);
    assert.deepEqual(
      asked.map(({ material }) => material),
      [{ $case: 'secret', value: Buffer.alloc(32, 15) }],
    );
    assert.equal(odd.exitCode, 2);
    assert.match(odd.errors, /the secret is not written in hex/);
  });

  for (const more of [
    ['--generate', '--public-key-file', 'key.pem'],
    ['--generate', '--exact'],
    ['--generate', '--secret-encoding', 'hex'],
    ['--secret-file', '-', '--rsa-bits', '4096'],
  ]) {
    it(`refuses ${more.join(' ')}, of which one would have no effect`, async () => {
      const { exitCode, errors } = await runCommand('127.0.0.1:1', [...CREATE, ...more]);

      assert.equal(exitCode, 2);
      assert.match(errors, /is for a secret that is/);
    });
  }

  it('says that it is the passphrase that is empty', async () => {
    const args = [...CREATE, '--generate', '--passphrase-file', '-'];
    await using mesh = await startTestMesh();

    const { errors } = await runCommand(mesh.address, args, { input: '\n' });

    assert.match(errors, /the passphrase is empty/);
  });

  it('shows until when older versions sign', async () => {
    const retireTime = new Date('2030-01-01T00:00:00Z');
    const versions = [
      { number: 3 },
      { number: 2, retireTime },
      { number: 1, destroyTime: retireTime },
    ];
    const key = Key.fromPartial({ id: KEY_ID, versions });
    await using mesh = await startTestMesh({ keys: { getKey: async () => ({ key }) } });

    const { out } = await runCommand(mesh.address, ['keys', 'get', KEY_ID]);

    assert.match(out, /^version: +3\nversion 2: +signs until 2030-01-01/m);
    assert.doesNotMatch(out, /version 1/);
  });

  it('says why a clone cannot get a key', async () => {
    const held = Key.fromPartial({ name: 'paper', hold: { cloneId: 'cln_other' } });
    await using mesh = await startTestMesh({ keys: listing([held]) });

    const { exitCode, errors } = await runCommand(mesh.address, CLONE);

    assert.equal(exitCode, 3);
    assert.match(errors, /no free key 'paper'.*: clone cln_other holds it/);
  });

  it('tell when their grants end', async () => {
    const limits = { expireTime: new Date('2030-02-01T00:00:00Z') };
    const grants = [Grant.fromPartial({ id: 'gra_1', limits })];
    await using mesh = await startTestMesh({
      keys: { listGrants: async () => ({ grants, nextPageToken: '' }) },
    });

    const { out } = await runCommand(mesh.address, ['keys', 'grants', KEY_ID]);

    assert.match(out, / EXPIRES /);
    assert.match(out, / 2030-02-01T00:00:00.000Z /);
  });

  it('are listed for a job of CI, by its ID token', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const file = join(folder, 'id-token');
    await writeFile(file, 'the.id.token\n');
    const shown: string[] = [];
    const expiresIn = { seconds: 300n, nanos: 0 };
    await using mesh = await startTestMesh({
      tokens: {
        exchangeIdentityToken: async ({ identityToken }) => {
          shown.push(identityToken);
          return { token: USER_TOKEN, expireTime: undefined, expiresIn };
        },
      },
      keys: listing([]),
    });
    const env = { RAMET_API_KEY: '', RAMET_IDENTITY_TOKEN_FILE: file };

    const ran = await runCommand(mesh.address, ['keys', 'list'], { env });
    const said = await runCommand(mesh.address, ['keys', 'list', '--identity-token-file', file]);
    const gone = await runCommand(mesh.address, ['keys', 'list', '--identity-token-file', '/no']);
    await rm(folder, { recursive: true });

    assert.deepEqual([ran.exitCode, said.exitCode, gone.exitCode], [0, 0, 2]);
    assert.match(gone.errors, /cannot read the identity token/);
    assert.deepEqual(shown, ['the.id.token', 'the.id.token']);
  });

  it('takes a deletion back by the name that the key had', async () => {
    const asked: boolean[] = [];
    const key = Key.fromPartial({ id: KEY_ID, name: 'paper', state: KeyState.ENABLED });
    await using mesh = await startTestMesh({
      keys: {
        listKeys: async ({ deleted }) => {
          asked.push(deleted);
          return { keys: deleted ? [key] : [], nextPageToken: '' };
        },
        undeleteKey: async ({ id }) => ({ key: { ...key, id } }),
      },
    });

    const list = await runCommand(mesh.address, ['keys', 'list', '--deleted']);
    const back = await runCommand(mesh.address, ['keys', 'undelete', 'paper']);
    const none = await runCommand(mesh.address, ['keys', 'undelete', 'other']);

    assert.match(list.out, new RegExp(`^${KEY_ID} +paper`, 'm'));
    assert.match(back.out, new RegExp(`^id: +${KEY_ID}$`, 'm'));
    assert.match(none.errors, /no deleted key 'other'/);
    assert.deepEqual(asked, [true, true, true]);
  });

  it('lists with a token that is good for that alone', async () => {
    const owners: (Owner | undefined)[] = [];
    const expiresIn = { seconds: 300n, nanos: 0 };
    const issued = { token: USER_TOKEN, expireTime: undefined, expiresIn };
    await using mesh = await startTestMesh({
      tokens: { exchangeToken: async () => issued },
      users: { getUser: async () => assert.fail('nobody may ask') },
      keys: listing([Key.fromPartial({ name: 'paper', state: KeyState.ENABLED })], owners),
    });

    const { exitCode, errors } = await runCommand(mesh.address, ['keys', 'list']);

    assert.equal(errors, '');
    assert.equal(exitCode, 0);
    assert.deepEqual(owners, [{ owner: { $case: 'userId', value: USER_ID } }]);
  });
});

function creating(asked: CreateKeyRequest[]): NonNullable<Answers['keys']> {
  return {
    createKey: async (request) => {
      asked.push(request);
      return { key: Key.fromPartial({ id: KEY_ID, name: request.name }) };
    },
  };
}

/** An owner with keys of which none is free. */
function listing(
  keys: readonly Key[],
  owners: (Owner | undefined)[] = [],
): NonNullable<Answers['keys']> {
  return {
    listAvailableKeys: async () => ({ keys: [], nextPageToken: '' }),
    listKeys: async ({ owner }) => {
      owners.push(owner);
      return { keys: [...keys], nextPageToken: '' };
    },
  };
}
