// Goal: every signature and refusal has a receipt that proves itself, and a log only ever grows
// (systems.md F.2, row 7).
// Method: the real service on a real database, two replicas, and proofs that are verified with
// nothing but what is published.
import assert from 'node:assert/strict';
import { type NoteKey, printNoteKey } from '@ramet/merkle';
import { GrantLimits, LogEntry, type Receipt, SignOperation } from '@ramet/proto-gen/keys.v1';
import { systemIds } from '@ramet/service';
import { as } from './support/callers.js';
import {
  ADMIN,
  auditOf,
  hasGrown,
  headsOf,
  isProven,
  publishedKeys,
  receiptOf,
  receiptOfRequest,
  saidIn,
} from './support/proofs.js';
import {
  authorize,
  newTenant,
  newUser,
  type Replica,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const PAGE = { pageSize: 0, pageToken: '' };

describe('the log of an owner', () => {
  let world: World;
  let other: Replica;

  before(async () => {
    world = await startWorld();
    other = await world.addReplica();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('has its first key when it is needed, or asked for', async () => {
    const { receipts } = world;
    assert.deepEqual(await receipts.listLogKeys({}), { keys: [] });
    const { key } = await receipts.rotateLogKey({ newest: 'none' }, ADMIN);
    assert.deepEqual(await receipts.listLogKeys({}), { keys: [key] });
  });

  it('gives a receipt for each signature, from any replica', async () => {
    const tenant = await signing();
    for (let nth = 0; nth < 5; nth += 1) await signRaw(world, tenant, `payload ${nth}`, `r${nth}`);

    const receipt = await receiptOfRequest(other, tenant, 'r3');

    assert.ok(isProven(receipt, await publishedKeys(world)));
    const { owner, record } = LogEntry.decode(receipt.entry);
    assert.deepEqual(owner?.owner, { $case: 'userId', value: tenant.userId });
    assert.ok(record?.$case === 'signature');
    assert.equal(record.value.requestId, 'r3');
    assert.equal(record.value.cloneId, tenant.cloneId);
    assert.equal(record.value.payloadDigest.length, 32);
    const said = saidIn(receipt.head, await publishedKeys(world));
    assert.equal(said?.origin, `ramet.dev/keys/user/${tenant.userId}`);
  });

  it('holds for nothing but the entry, its place and the key of the log', async () => {
    const tenant = await signing();
    await signRaw(world, tenant, 'payload', 'r1');
    await signRaw(world, tenant, 'payload', 'r2');
    const keys = await publishedKeys(world);
    const receipt = await receiptOfRequest(world, tenant, 'r2');
    const { entry, index, head } = receipt;
    assert.ok(isProven(receipt, keys) && head);

    const cut = head.note.replace(`/${tenant.userId}`, `/${newUser()}`);
    const spoiled = [
      { ...receipt, entry: Buffer.from(entry).fill(0, 4, 5) },
      { ...receipt, index: index + 1n },
      { ...receipt, index: index - 1n },
      { ...receipt, proof: [] },
      { ...receipt, head: { ...head, note: cut } },
      { ...receipt, head: { ...head, note: head.note.replace('ramet.dev/keys ', 'a.name ') } },
    ];
    for (const bad of spoiled) assert.equal(isProven(bad, keys), false);
    assert.equal(isProven(receipt, []), false);
  });

  it('has refusals too, which the owner of the key can list', async () => {
    const tenant = await signing({ maxUses: 1n });
    await signRaw(world, tenant, 'payload');
    for (let nth = 0; nth < 3; nth += 1) {
      assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'GRANT_USED_UP');
    }

    const user = as(`user:${tenant.userId}`);
    const { denials } = await world.keys.listDenials({ keyId: tenant.keyId, ...PAGE }, user);

    assert.equal(
      denials.reduce((sum, { count }) => sum + count, 0n),
      3n,
    );
    const [newest] = denials;
    assert.ok(newest);
    assert.equal(newest.reason, 'GRANT_USED_UP');
    assert.equal(newest.executionId, tenant.executionId);
    const receipt = await receiptOf(world, tenant, { $case: 'denialId', value: newest.id });
    assert.ok(isProven(receipt, await publishedKeys(world)));
    assert.deepEqual(LogEntry.decode(receipt.entry).record, { $case: 'denial', value: newest });
  });

  it('lists refusals in pages, newest first, each once', async () => {
    const tenant = await signing({ maxUses: 0n });
    for (let nth = 0; nth < 5; nth += 1) await reasonOf(signRaw(world, tenant, 'payload'));
    const user = as(`user:${tenant.userId}`);
    const ids: bigint[] = [];
    let pageToken = '';
    do {
      const request = { keyId: tenant.keyId, pageSize: 2, pageToken };
      const page = await world.keys.listDenials(request, user);
      ids.push(...page.denials.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    assert.equal(ids.length, 5);
    assert.deepEqual(
      ids,
      [...ids].sort((one, two) => Number(two - one)),
    );
  });

  it('of the mesh has the refusals for keys that are not there, for administrators', async () => {
    const tenant = await newTenant(world, { keyId: systemIds.make('key') });
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'KEY_NOT_FOUND');

    const head = { owner: undefined };
    const stranger = as(`user:${newUser()}`);
    assert.equal(await reasonOf(world.receipts.getSignedHead(head, stranger)), 'PERMISSION_DENIED');
    const sizeNow = async () => (await auditOf(world, undefined))?.size ?? 0n;
    while ((await sizeNow()) === 0n);

    const { head: found } = await world.receipts.getSignedHead(head, ADMIN);
    assert.equal(saidIn(found, await publishedKeys(world))?.origin, 'ramet.dev/keys/mesh');
  });

  it("is nobody else's to see, and not there before there is an entry", async () => {
    const tenant = await signing();
    const own = as(`user:${tenant.userId}`);
    const stranger = as(`user:${newUser()}`);
    const owner = { owner: { $case: 'userId', value: tenant.userId } } as const;
    const proof = { owner, firstSize: 1n, size: 0n };
    const { receipts } = world;

    assert.deepEqual(await receipts.getSignedHead({ owner }, own), { head: undefined });
    assert.equal(await reasonOf(receipts.getConsistencyProof(proof, own)), 'RANGE_INVALID');
    assert.deepEqual(await headsOf(world, tenant.userId), []);
    const missing = { keyId: tenant.keyId, record: { $case: 'requestId', value: 'none' } } as const;
    assert.equal(await reasonOf(receipts.getReceipt(missing, own)), 'ENTRY_NOT_FOUND');
    const calls = [
      receipts.getSignedHead({ owner }, stranger),
      receipts.listSignedHeads({ owner, ...PAGE }, stranger),
      receipts.getConsistencyProof(proof, stranger),
    ];
    const reasons = await Promise.all(calls.map(reasonOf));
    assert.deepEqual(reasons, Array(calls.length).fill('USER_NOT_FOUND'));
  });

  it('proves no growth beyond its end', async () => {
    const tenant = await signing();
    await signRaw(world, tenant, 'payload', 'r1');
    await receiptOfRequest(world, tenant, 'r1');
    const owner = { owner: { $case: 'userId', value: tenant.userId } } as const;
    const own = as(`user:${tenant.userId}`);
    for (const [firstSize, size] of [
      [1n, 2n],
      [2n, 0n],
      [2n, 1n],
    ] as const) {
      const call = world.receipts.getConsistencyProof({ owner, firstSize, size }, own);
      assert.equal(await reasonOf(call), 'RANGE_INVALID');
    }
  });

  it('takes what a replica left that was killed, and misses no row of a slow transaction', async () => {
    const tenant = await signing();
    const { grantId } = await grantOf(tenant);
    // A batch that has its place and takes its time: what comes after it must wait for it.
    const slow = await world.db.reserve();
    await slow.query('begin');
    await slow.query(
      `insert into signature (key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id)
       values ($1, $2, 'slow', 'raw', sha256(''), date_trunc('milliseconds', ramet_now()), '')`,
      [tenant.keyId, grantId],
    );
    await signRaw(world, tenant, 'payload', 'fast');
    await slow.query('commit');
    await slow[Symbol.asyncDispose]();
    await signRaw(world, tenant, 'payload', 'after');

    const keys = await publishedKeys(world);
    const receipts = await Promise.all(
      ['slow', 'fast', 'after'].map((id) => receiptOfRequest(world, tenant, id)),
    );

    assert.deepEqual(
      receipts.map(({ index }) => index),
      [0n, 1n, 2n],
    );
    assert.ok(receipts.every((receipt) => isProven(receipt, keys)));
  });

  it('is signed with two keys while one takes over from the other, by every replica', async () => {
    const tenant = await signing();
    await signRaw(other, tenant, 'payload', 'before');
    await receiptOfRequest(other, tenant, 'before');
    const [old] = await publishedKeys(world);
    assert.ok(old);
    const newest = printNoteKey(old);

    const made = await world.receipts.rotateLogKey({ newest }, ADMIN);
    assert.deepEqual(await other.receipts.rotateLogKey({ newest }, ADMIN), made);
    const [, next] = await publishedKeys(world);
    assert.ok(next);
    const during = await signedBy(other, tenant, 'during');
    await world.receipts.retireLogKey({ verifier: newest }, ADMIN);
    const after = await signedBy(other, tenant, 'after');

    assert.ok(isProven(during, [old]) && isProven(during, [next]));
    assert.ok(!isProven(after, [old]) && isProven(after, [next]));
    const last = { verifier: printNoteKey(next) };
    assert.equal(await reasonOf(world.receipts.retireLogKey(last, ADMIN)), 'LAST_LOG_KEY');
    assert.deepEqual((await auditOf(world, tenant.userId))?.faults, []);
  });

  it('grows and never changes while two replicas sign and their connections are cut', async () => {
    const tenants = await Promise.all([signing(), signing(), signing()]);
    const ids = Array.from({ length: 120 }, (_, nth) => `r${nth}`);
    const replicas = [world, other];
    const cuts = Array.from({ length: 4 }, async () => {
      await receiptOfRequest(world, await signed(tenants[0], 'cut'), 'cut');
      await world.db.query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where application_name = 'keys' and datname = current_database()`,
      );
    });
    const answers = await Promise.all(
      ids.flatMap((id, nth) =>
        tenants.map((tenant) => {
          const replica = replicas[nth % 2] ?? world;
          return reasonOf(signRaw(replica, tenant, `payload ${id}`, id));
        }),
      ),
    );
    await Promise.allSettled(cuts);
    // Whoever asks first after a cut may be the one to find out, and nobody else.
    for (const { receipts } of replicas) await reasonOf(receipts.listLogKeys({}));
    assert.ok(answers.every((answer) => answer === 'OK' || answer === 'DATABASE_UNAVAILABLE'));

    const keys = await publishedKeys(world);
    for (const tenant of tenants) {
      for (const id of ids) await signRaw(other, tenant, `payload ${id}`, id);
      await proveAll(tenant, ids, keys);
    }
  });

  /** Every record has one entry, receipts and pairs of heads hold, and nothing is wrong. */
  async function proveAll(
    tenant: Tenant,
    ids: readonly string[],
    keys: readonly NoteKey[],
  ): Promise<void> {
    const receipts = await Promise.all(ids.map((id) => receiptOfRequest(world, tenant, id)));
    assert.ok(receipts.every((receipt) => isProven(receipt, keys)));
    assert.equal(new Set(receipts.map(({ index }) => index)).size, ids.length);

    const heads = await headsOf(world, tenant.userId);
    assert.ok(heads.length > 0 && heads.every((head) => saidIn(head, keys)));
    const some = heads.filter((_, nth) => nth % Math.ceil(heads.length / 8) === 0);
    for (const [nth, second] of some.entries()) {
      for (const first of some.slice(nth)) {
        assert.ok(await hasGrown(world, tenant.userId, [first, second]));
      }
    }
    const audit = await auditOf(world, tenant.userId);
    assert.deepEqual(audit?.faults, []);
    assert.ok(audit.size >= BigInt(ids.length));
  }

  async function signing(limits: { readonly maxUses?: bigint } = {}): Promise<Tenant> {
    const tenant = await newTenant(world);
    const operations = [SignOperation.RAW];
    const none = GrantLimits.decode(Buffer.alloc(0));
    await authorize(world, tenant, { ...none, operations, ...limits });
    return tenant;
  }

  async function signed(tenant: Tenant | undefined, requestId: string): Promise<Tenant> {
    if (!tenant) throw new Error('nobody signs');
    await reasonOf(signRaw(world, tenant, 'payload', requestId));
    return tenant;
  }

  async function signedBy(replica: Replica, tenant: Tenant, requestId: string): Promise<Receipt> {
    await signRaw(replica, tenant, 'payload', requestId);
    return receiptOfRequest(replica, tenant, requestId);
  }

  async function grantOf({ keyId }: Tenant): Promise<{ readonly grantId: string }> {
    const sql = 'select id as "grantId" from key_grant where key_id = $1';
    const [row] = await world.db.query<{ readonly grantId: string }>(sql, [keyId]);
    if (!row) throw new Error('there is no grant');
    return row;
  }
});
