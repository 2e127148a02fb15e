import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { runCommand, startTestMesh } from './test-mesh.js';

const CLONE_ID = `cln_${'2'.repeat(26)}`;

describe('the errors of ramet', () => {
  const VIOLATIONS = [{ field: 'parameters[2].value', description: 'is too long' }];
  const refusing = (error: PublicError) =>
    startTestMesh({
      clones: {
        getClone: async () => {
          throw error;
        },
      },
    });

  it('show reason, every field, when to try again, and the trace', async () => {
    await using mesh = await refusing(
      new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', 'no more clones', {
        metadata: { limit: '5' },
        violations: VIOLATIONS,
        retryAfterMs: 90_000,
      }),
    );

    const { exitCode, errors } = await runCommand(mesh.address, ['clones', 'get', CLONE_ID]);

    assert.equal(exitCode, 5);
    assert.match(errors, /\(RESOURCE_EXHAUSTED, QUOTA_EXCEEDED\)/);
    assert.match(errors, /parameters\[2\]\.value: is too long/);
    assert.match(errors, /limit: 5/);
    assert.match(errors, /try again in 1m30s/);
  });

  it('say how long to wait who asks too often', async () => {
    await using mesh = await refusing(
      new PublicError('resource_exhausted', 'RATE_LIMITED', 'too many calls', {
        metadata: { limit: '50', per: 'second', caller: 'user:usr_1' },
        retryAfterMs: 1_340,
      }),
    );

    const { exitCode, errors } = await runCommand(mesh.address, ['clones', 'get', CLONE_ID]);

    assert.equal(exitCode, 5);
    assert.match(errors, /too many calls \(RESOURCE_EXHAUSTED, RATE_LIMITED\)/);
    assert.match(errors, /limit: 50/);
    assert.match(errors, /try again in 2s/, 'rounded up');
  });

  it('are JSON too where JSON was asked for', async () => {
    await using mesh = await refusing(
      new PublicError('not_found', 'CLONE_NOT_FOUND', 'no such clone'),
    );
    const args = ['--json', 'clones', 'get', CLONE_ID];

    const { exitCode, out, errors } = await runCommand(mesh.address, args);

    const { error } = JSON.parse(errors) as { error: Record<string, unknown> };
    assert.equal(exitCode, 3);
    assert.equal(out, '');
    assert.deepEqual([error.code, error.reason], ['NOT_FOUND', 'CLONE_NOT_FOUND']);
    assert.equal(error.exitCode, 3);
  });

  it('say what is wrong with a request before a handler sees it', async () => {
    await using mesh = await startTestMesh();
    const args = ['keys', 'revoke-grant', 'nonsense', '--reason', 'x'.repeat(201)];

    const { exitCode, errors } = await runCommand(mesh.address, args);

    assert.equal(exitCode, 2);
    assert.match(errors, /^ {2}grant_id: /m);
    assert.match(errors, /^ {2}reason: /m);
    assert.match(errors, /REQUEST_INVALID/);
  });

  for (const [args, code] of [
    [['clones', 'lits'], 2],
    [['clones'], 2],
    [['clones', 'get'], 2],
    [['clones', 'list', '--view', 'other'], 2],
    [['clones', 'list', '--limit', '0'], 2],
    [['keys', 'create', 'paper', '--algorithm', 'ed25519'], 2],
    [['--help'], 0],
    [['--version'], 0],
  ] as const) {
    it(`end with ${code} for '${args.join(' ')}'`, async () => {
      assert.equal((await runCommand('127.0.0.1:1', args)).exitCode, code);
    });
  }

  it('ask for who has signed what is shown off this machine', async () => {
    const { exitCode, errors } = await runCommand('mesh.example:443', ['whoami']);

    assert.equal(exitCode, 2);
    assert.match(errors, /mesh\.example:443 is not on this machine: --ca FILE/);
  });

  it('do not repeat the code of an invitation that was given in place of an id', async () => {
    const { exitCode, errors } = await runCommand('127.0.0.1:1', ['teams', 'accept', 'ri_secret']);

    assert.equal(exitCode, 2);
    assert.match(errors, /--code-file/);
    assert.doesNotMatch(errors, /ri_secret/);
  });

  it('end with 6 where nobody listens', async () => {
    const { exitCode, errors } = await runCommand('127.0.0.1:1', ['clones', 'get', CLONE_ID]);

    assert.equal(exitCode, 6);
    assert.match(errors, /nobody answers at 127\.0\.0\.1:1 \(ECONNREFUSED\) \(UNAVAILABLE\)/);
  });

  it('end with 4 without a valid credential', async () => {
    await using mesh = await startTestMesh();
    const args = ['clones', 'get', CLONE_ID];

    const forged = await runCommand(mesh.address, args, { env: { RAMET_API_KEY: 'another' } });
    const missing = await runCommand(mesh.address, args, { env: { RAMET_API_KEY: '' } });

    assert.equal(forged.exitCode, 4);
    assert.equal(missing.exitCode, 2);
    assert.match(missing.errors, /ramet login/);
  });
});
