// Goal: no secret is anywhere but sealed, and a wrong key-encryption key does not go unnoticed.
// Method: a secret with a mark in it goes through the whole story; then everything is searched.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import { RemoteError } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import {
  authorize,
  createKeyOf,
  keyRequest,
  LIFECYCLE,
  newTenant,
  newUser,
  reasonOf,
  signRaw,
  startWorld,
  type World,
} from './support/world.js';

const SECRET = 'canary-7f3a9c51-secret-of-a-venue';
const TABLES = [
  ...['key', 'key_version', 'service_secret', 'hold', 'key_grant', 'release'],
  ...['signature', 'denial', 'history', 'request_id', 'seal', 'kek', 'replica'],
  ...['log', 'log_leaf', 'log_node', 'log_head', 'log_key', 'log_thinning'],
];

describe('the secrets of keys', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('are in no table, log line or error after the whole story', async () => {
    const userId = newUser();
    const user = as(`user:${userId}`);
    const secret = () => ({ $case: 'secret', value: Buffer.from(SECRET) }) as const;
    const key = await createKeyOf(world, userId, { material: secret(), requestId: 'r1' });
    const tenant = await newTenant(world, { userId, keyId: key.id });
    await authorize(world, tenant);
    await signRaw(world, tenant, 'payload');
    const errors = [
      await errorOf(world.keys.createKey(keyRequest(userId, { material: secret() }), user)),
      await errorOf(createKeyOf(world, userId, { material: secret(), requestId: 'r1' })),
      await errorOf(
        createKeyOf(world, userId, { material: secret(), algorithm: KeyAlgorithm.ED25519 }),
      ),
      await errorOf(createKeyOf(world, userId, { material: secret(), name: 'Not A Label' })),
    ];
    const { keyId, cloneId } = tenant;
    await world.grants.releaseKey({ keyId, cloneId }, LIFECYCLE);

    const written = [inspect(world.log, { depth: 12 }), ...errors.map((error) => inspect(error))];
    for (const table of TABLES) {
      const sql = `select coalesce(string_agg(t::text, '\n'), '') as text from ${table} as t`;
      const [row] = await world.db.query<{ text: string }>(sql);
      written.push(row?.text ?? '');
    }

    const all = written.join('\n');
    for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const) {
      const shown = Buffer.from(SECRET).toString(encoding).replace(/=+$/, '');
      assert.ok(!all.includes(shown), `the secret is somewhere as ${encoding}`);
    }
    assert.ok(all.includes(keyId));
  });

  it('are refused with the name of the field when they do not fit', async () => {
    const userId = newUser();
    for (const [algorithm, bytes] of [
      [KeyAlgorithm.HMAC_SHA256, 15],
      [KeyAlgorithm.HMAC_SHA512, 1_025],
      [KeyAlgorithm.ED25519, 31],
      [KeyAlgorithm.ED25519, 0],
      [KeyAlgorithm.HMAC_SHA256, 5_000],
    ] as const) {
      const material = { $case: 'secret', value: Buffer.alloc(bytes, 0x61) } as const;
      const error = await errorOf(createKeyOf(world, userId, { algorithm, material }));
      assert.ok(error instanceof RemoteError);
      const fields = error.violations.map(({ field }) => field);
      assert.deepEqual(fields, ['secret'], `${bytes} bytes`);
    }
  });

  it('are shown to nobody: foreign keys look like missing ones for every call', async () => {
    const { id } = await createKeyOf(world, newUser());
    const stranger = as(`user:${newUser()}`);
    const missing = systemIds.make('key');
    const page = { pageSize: 0, pageToken: '' };
    for (const keyId of [id, missing]) {
      const calls = [
        world.keys.getKey({ id: keyId }, stranger),
        world.keys.deleteKey({ id: keyId, etag: '', deleteAfter: undefined }, stranger),
        world.keys.listGrants({ keyId, ...page }, stranger),
        world.keys.listSignatures({ keyId, cloneId: '', ...page }, stranger),
        world.keys.listDenials({ keyId, ...page }, stranger),
        world.receipts.getReceipt(
          { keyId, record: { $case: 'signaturePosition', value: 1n } },
          stranger,
        ),
      ];
      const reasons = await Promise.all(calls.map(reasonOf));
      assert.deepEqual(reasons, Array(calls.length).fill('KEY_NOT_FOUND'));
    }
  });
});

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call.then(() => assert.fail('the call did not fail'));
  } catch (thrown) {
    return thrown;
  }
}
