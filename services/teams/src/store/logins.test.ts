// Goal: what a login costs does not grow with the logins that others have, or the same user had.
// Method: the tables, filled; Postgres counts the rows that a transaction reads.

import assert from 'node:assert/strict';
import { type Database, migrate, openDatabase, type Tx } from '@ramet/database';
import { systemIds } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import { forgetLogins } from './forgetting.js';
import { Logins } from './logins.js';

const ADA = 'usr_ada';
/** Of a user who has a hundred logins, each twice, and of as many tokens that are none of theirs. */
const MOST_READ = 1_000;

describe('the logins of a mesh', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let db: Database;

  before(async () => {
    database = await createDatabase();
    db = await openDatabase({ url: database.url, schema: 'teams', application: 'test' });
    await migrate(db, new URL('../../migrations/', import.meta.url));
    await db.query(USERS, [[ADA, 'usr_bob']]);
  });
  after(async () => {
    await db[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await db.query('delete from login');
    await db.query('delete from revocation');
  });

  it('cost a new one nothing, of others or of one who logs in without end', async () => {
    await fill('usr_bob', { logins: 200, tokens: 200 });
    await fill(ADA, { logins: 5_000, tokens: 2 });
    await db.query(`update login set revoked_at = ramet_now() where user_id = $1`, [ADA]);
    await fill(ADA, { logins: 100, tokens: 20 });
    await db.query('analyze');

    const read = await readBy((counted) => begin(new Logins(counted)));
    assert.ok(read > 0 && read < MOST_READ, `${read} rows`);
  });

  it('are forgotten a day after their newest token, and used tokens a day after they expired', async () => {
    await fill(ADA, { logins: 2, tokens: 3 });
    const left = async () => {
      await forgetLogins(db);
      const [row] = await db.query<{ logins: number; tokens: number }>(COUNT);
      return [row?.logins, row?.tokens];
    };
    const expire = (hours: number, where: string) =>
      db.query(`
        update refresh_token set expires_at = ramet_now() - interval '${hours} hours'
        where ${where}`);
    const newest = `used_at is null and login_id = 'lgn_1_${ADA}'`;
    for (const where of ['used_at is not null', newest]) await expire(23, where);
    assert.deepEqual(await left(), [2, 6]);
    await expire(25, 'used_at is not null');
    assert.deepEqual(await left(), [2, 2]);
    await expire(25, newest);
    assert.deepEqual(await left(), [1, 1]);
  });

  it('are told of where they end to make room only if a token may be left', async () => {
    await fill(ADA, { logins: 100, tokens: 1 });
    const logins = new Logins(db);
    const told = async () => {
      await begin(logins);
      return (await db.query('select from revocation')).length;
    };
    await db.query(`
      update refresh_token set expires_at = expires_at - interval '3 hours'
      where login_id = 'lgn_1_${ADA}'`);
    assert.equal(await told(), 0);
    assert.equal((await db.query('select from login where revoked_at is not null')).length, 1);
    assert.equal(await told(), 1);
  });

  async function fill(userId: string, { logins, tokens }: { logins: number; tokens: number }) {
    await db.query(LOGINS, [userId, logins]);
    await db.query(TOKENS, [userId, tokens]);
  }

  function begin(logins: Logins): Promise<unknown> {
    const bytes = () => Buffer.from(systemIds.bytes(32));
    return logins.begin({
      ...{ id: systemIds.make('lgn'), userId: ADA, version: 1, scopes: [], credentialIds: [] },
      ...{ apiKeyId: null, identityId: null, secret: bytes(), hash: bytes() },
    });
  }

  /** How many rows of logins and refresh tokens the transactions of some work read. */
  async function readBy(work: (db: Database) => Promise<unknown>): Promise<number> {
    let sum = 0;
    const readSoFar = async (tx: Tx): Promise<number> =>
      (await tx.query<{ read: number }>(READ))[0]?.read ?? Number.NaN;
    const transaction = <Result>(inside: (tx: Tx) => Promise<Result>) =>
      db.transaction(async (tx) => {
        // Of the same connection, what came before may be counted as well.
        const before = await readSoFar(tx);
        const result = await inside(tx);
        sum += (await readSoFar(tx)) - before;
        return result;
      });
    await work({ transaction } as unknown as Database);
    return sum;
  }
});

const USERS = `
  insert into mesh_user (id, name, admin, team_id, created_at, updated_at, seq, hash)
  select id, replace(id, '_', '-'), false, null, ramet_now(), ramet_now(), 1, decode(repeat('00', 32), 'hex')
  from unnest($1::text[]) id`;

const LOGINS = `
  insert into login (id, user_id, scopes, secret, created_at, expires_at)
  select format('lgn_%s_%s', n + (select count(*) from login where user_id = $1), $1::text), $1, '{}',
    decode(repeat('00', 32), 'hex'), ramet_now(), ramet_now() + interval '30 days'
  from generate_series(1, $2::integer) n`;

/** To logins that have none: all tokens but the newest were used. */
const TOKENS = `
  insert into refresh_token (hash, login_id, generation, expires_at, used_at)
  select sha256(convert_to(l.id || n, 'utf8')), l.id, n, ramet_now() + interval '1 day',
    case when n < $2 then ramet_now() end
  from login l, generate_series(1, $2::integer) n
  where l.user_id = $1 and not exists (select from refresh_token where login_id = l.id)`;

const COUNT = `
  select (select count(*)::integer from login) as logins,
    (select count(*)::integer from refresh_token) as tokens`;

const READ = `
  select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::integer as read
  from pg_stat_xact_user_tables where relname in ('login', 'refresh_token')`;
