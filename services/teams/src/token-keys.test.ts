// Goal: replicas sign with a new key from the same moment on, and publish what any of them has.
// Method: two replicas on one database whose files differ; their clock is moved.

import assert from 'node:assert/strict';
import { Secret } from '@ramet/config';
import { type Database, openDatabase } from '@ramet/database';
import { Scope, systemClock } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import type { PublishedKey } from './credentials/token-signer.js';
import { TokenKeys } from './store/token-keys.js';
import { apiOf } from './test-house.js';
import { makeTokenKeys, startTestTeams, type TestTeams } from './testing.js';

const LEAD_MS = 90_000;
const DAY_MS = 86_400_000;
const KEY = { id: 'kid-of-a-test', algorithm: 'EdDSA', jwk: { kty: 'OKP', alg: 'EdDSA' } };

describe('the keys of two replicas', () => {
  const scope = new Scope();
  let url: string;
  let movedMs = 0;
  let one: TestTeams;
  let other: TestTeams;
  let oldKid: string;

  before(async () => {
    ({ url } = scope.use(await createDatabase()));
    const databaseUrl = url;
    const [old, next] = [makeTokenKeys(), makeTokenKeys()];
    const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + movedMs };
    const options = { databaseUrl, outside: { clock } };
    one = scope.use(await startTestTeams({ ...options, tokenKeys: old }));
    oldKid = await kidAt(one);
    // The mesh is old.
    await using db = await openTable();
    await db.query(`update token_key set published_at = published_at - interval '1 day'`);

    const tokenKeys = new Secret(Buffer.from(next.text() + old.text()));
    other = scope.use(await startTestTeams({ ...options, tokenKeys }));
  });
  after(() => scope[Symbol.asyncDispose]());

  it('are published by both, and of the one that started last the new one waits', async () => {
    movedMs = 1_001;
    const [there, here] = [await published(other), await published(one)];
    assert.equal(there.length, 2);
    assert.deepEqual([...here].sort(), [...there].sort());
    assert.equal(await kidAt(other), oldKid);
  });

  it('change over when the new one was in the table for long enough', async () => {
    movedMs += LEAD_MS;
    const kid = await kidAt(other);
    assert.notEqual(kid, oldKid);
    assert.ok((await published(one)).includes(kid));
  });

  it('stay published, since when they were, until no replica has them in its file', async () => {
    await using db = await openTable();
    const [here, there] = [new TokenKeys(db, 'here'), new TokenKeys(db, 'there')];
    const ageIn = (keys: readonly PublishedKey[]): number =>
      keys.find(({ id }) => id === KEY.id)?.ageMs ?? Number.NaN;
    await there.publish([KEY], []);
    await here.publish([KEY], []);
    await db.query(`update token_key set published_at = published_at - interval '1 day'`);

    // The one that has told of it last takes it out.
    assert.ok(ageIn(await here.publish([], [KEY.id])) >= DAY_MS);
    assert.ok(ageIn(await there.publish([KEY], [])) >= DAY_MS);
    assert.ok(ageIn(await here.publish([], [])) >= DAY_MS);

    assert.ok(Number.isNaN(ageIn(await there.publish([], [KEY.id]))));
    assert.ok(Number.isNaN(ageIn(await here.publish([], []))));
    assert.ok(ageIn(await here.publish([KEY], [])) < DAY_MS);
  });

  function openTable(): Promise<Database> {
    return openDatabase({ url, schema: 'teams', application: 'test' });
  }

  async function published({ address }: TestTeams): Promise<readonly string[]> {
    const { keys } = await apiOf(address, '', scope).tokens.listVerificationKeys({});
    return keys.map(({ id }) => id);
  }

  async function kidAt(teams: TestTeams): Promise<string> {
    const { tokens } = apiOf(teams.address, '', scope);
    const { token } = await tokens.exchangeToken({ apiKey: teams.serviceKey('keys') });
    const [header = ''] = token.split('.');
    return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
  }
});
