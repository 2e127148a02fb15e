import assert from 'node:assert/strict';
import { type Database, migrate, openDatabase } from '@ramet/database';
import { systemIds } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import type { IdentityProvider } from '../domain/identity-provider.js';
import { forgetIdentityTokens } from './forgetting.js';
import { IdentityProviders } from './identity-providers.js';
import { Logins } from './logins.js';
import { SignIns } from './sign-ins.js';

const ROOT = { id: 'root', seesAll: true, actor: 'user:root' };

describe('a proof of identity', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let db: Database;
  let provider: IdentityProvider;

  before(async () => {
    database = await createDatabase();
    db = await openDatabase({ url: database.url, schema: 'teams', application: 'test' });
    await migrate(db, new URL('../../migrations/', import.meta.url));
    const wish = {
      ...{ id: systemIds.make('idp'), name: 'people', kind: 'people' as const, autoCreate: true },
      ...{ issuer: 'https://people.example', audience: 'ramet', algorithms: [], rules: [] },
    };
    provider = await new IdentityProviders(db).create(wish, ROOT);
  });
  after(async () => {
    await db[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('is good still if its user gets too many tokens, known or new, and then once', async () => {
    for (const who of ['new', 'known']) {
      const tokenHash = Buffer.from(systemIds.bytes(32));
      let isTooMany = true;
      const charge = () => {
        if (isTooMany) throw new Error('too many');
      };
      await assert.rejects(signIn(tokenHash, charge), /too many/, who);
      isTooMany = false;
      assert.equal((await signIn(tokenHash, charge)).kind, 'in', who);
      isTooMany = true;
      assert.equal((await signIn(tokenHash, charge)).kind, 'refused', who);
    }
  });

  it('is forgotten after a day, and by nobody who signs in', async () => {
    const tokenHash = Buffer.from(systemIds.bytes(32));
    await signIn(tokenHash);
    await db.query(`
      update used_identity_token set used_at = used_at - interval '25 hours'`);
    await signIn(Buffer.from(systemIds.bytes(32)));
    assert.equal((await signIn(tokenHash)).kind, 'refused');
    await forgetIdentityTokens(db);
    const [left] = await db.query<{ count: number }>(
      'select count(*)::integer as count from used_identity_token',
    );
    assert.equal(left?.count, 1);
  });

  it('begins no login once its provider was changed', async () => {
    const begin = async (): Promise<unknown> => {
      const came = await signIn(Buffer.from(systemIds.bytes(32)));
      assert.ok(came.kind === 'in');
      const [secret, hash] = [Buffer.alloc(32, 1), Buffer.from(systemIds.bytes(32))];
      return new Logins(db).begin({
        ...{ id: systemIds.make('lgn'), userId: came.userId, version: came.version, scopes: [] },
        ...{ apiKeyId: null, identityId: came.identityId, credentialIds: [], secret, hash },
        providerRevision: provider.revision,
      });
    };
    assert.ok(await begin());
    await new IdentityProviders(db).change(provider.id, { audience: 'else', etag: '' }, ROOT);
    assert.equal(await begin(), undefined);
  });

  function signIn(tokenHash: Buffer, charge: (userId: string) => void = () => undefined) {
    const [newUserId, newIdentityId] = [systemIds.make('usr'), systemIds.make('idn')];
    const wish = { provider, claims: { sub: 'ada' }, tokenHash, newUserId, newIdentityId };
    return new SignIns(db).signIn(wish, { tell: () => undefined, charge });
  }
});
