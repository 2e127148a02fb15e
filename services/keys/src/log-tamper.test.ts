// Goal: whatever is done to the log behind the service's back is found: by an audit, and by who has
// kept a receipt or a head (systems.md F.2, row 7).
// Method: a real database, tampered with by its own SQL; proofs that were kept from before.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { EMPTY, grow, noteKey, signNote } from '@ramet/merkle';
import type { LogAudit, SignedHead } from '@ramet/proto-gen/keys.v1';
import { GrantLimits, LogFaultKind, SignOperation } from '@ramet/proto-gen/keys.v1';
import { as } from './support/callers.js';
import {
  auditOf,
  hasGrown,
  isProven,
  publishedKeys,
  receiptOf,
  receiptOfRequest,
  saidIn,
} from './support/proofs.js';
import {
  authorize,
  newTenant,
  reasonOf,
  signRaw,
  startWorld,
  type Tenant,
  type World,
} from './support/world.js';

const ENTRIES = 40;
const {
  RECORD_CHANGED,
  RECORD_MISSING,
  RECORD_INSERTED,
  TREE_CHANGED,
  LOG_CUT,
  HEAD_UNTRUE,
  HEAD_FORGED,
} = LogFaultKind;

/** What is done to a log, with the key `$1` and the log's id `$2`, and what an audit says of it. */
const TAMPERINGS: readonly (readonly [string, string, LogFaultKind])[] = [
  [
    'a row was changed',
    `update signature set digest = sha256('another order') where key_id = $1 and request_id = 'r7'
       and $2::bigint > 0`,
    RECORD_CHANGED,
  ],
  [
    'the time of a row was changed by a millisecond',
    `update signature set accepted_at = accepted_at + interval '1 ms'
     where key_id = $1 and request_id = 'r7' and $2::bigint > 0`,
    RECORD_CHANGED,
  ],
  [
    'the version of the key of a row was changed',
    `update signature set key_version = key_version + 1
     where key_id = $1 and request_id = 'r7' and $2::bigint > 0`,
    RECORD_CHANGED,
  ],
  [
    'rows were swapped',
    `update signature as s set digest = o.digest, accepted_at = o.accepted_at
     from signature as o
     where s.key_id = $1 and o.key_id = $1 and $2::bigint > 0
       and (s.request_id, o.request_id) in (('r7', 'r8'), ('r8', 'r7'))`,
    RECORD_CHANGED,
  ],
  [
    'the clone of a grant was changed',
    `update key_grant set clone_id = 'cln_another' where key_id = $1 and $2::bigint > 0`,
    RECORD_CHANGED,
  ],
  [
    'a refusal was counted twice',
    'update denial set count = count + 1 where key_id = $1 and $2::bigint > 0',
    RECORD_CHANGED,
  ],
  [
    'a row was removed',
    `delete from signature where key_id = $1 and request_id = 'r7' and $2::bigint > 0`,
    RECORD_MISSING,
  ],
  [
    'a refusal was removed',
    'delete from denial where key_id = $1 and $2::bigint > 0',
    RECORD_MISSING,
  ],
  [
    'a row was put in before others',
    `insert into signature (position, key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id)
       overriding system value
     select -$2::bigint, key_id, grant_id, 'extra', scheme, digest, accepted_at, trace_id
     from signature where key_id = $1 and request_id = 'r7'`,
    RECORD_INSERTED,
  ],
  [
    'a row and its entry were removed',
    `with gone as (
       delete from signature where key_id = $1 and request_id = 'r7' returning position
     )
     delete from log_leaf where log_id = $2 and kind = 'signature'
       and position in (select position from gone)`,
    TREE_CHANGED,
  ],
  [
    'an entry was made to fit',
    `update log_leaf set hash = sha256('another') where log_id = $2 and index = 7 and $1 <> ''`,
    HEAD_UNTRUE,
  ],
  [
    'an inner node was changed',
    `update log_node set hash = sha256('another') where log_id = $2 and index = 1 and $1 <> ''`,
    TREE_CHANGED,
  ],
  [
    'the edge of the tree was changed',
    `update log set peaks[1] = sha256('another') where id = $2 and $1 <> ''`,
    TREE_CHANGED,
  ],
  [
    'the root of a head was changed',
    `update log_head set root = sha256('another') where log_id = $2 and $1 <> ''`,
    HEAD_UNTRUE,
  ],
  [
    'the text of a head was changed',
    `update log_head set note = replace(note, 'time 2', 'time 3') where log_id = $2 and $1 <> ''`,
    HEAD_FORGED,
  ],
  [
    'the newest head was removed',
    `delete from log_head where log_id = $2 and $1 <> ''
       and size = (select max(size) from log_head where log_id = $2)`,
    HEAD_UNTRUE,
  ],
];

describe('the log, when somebody has been at the database', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  for (const [what, sql, kind] of TAMPERINGS) {
    it(`tells that ${what}`, async () => {
      const tenant = await withEntries();
      assert.deepEqual((await auditOf(world, tenant.userId))?.faults, []);

      await world.db.query(sql, [tenant.keyId, await logIdOf(tenant)]);

      const audit = await auditOf(world, tenant.userId);
      assert.ok(kindsIn(audit).has(kind), `found ${[...kindsIn(audit)].join()}, not ${kind}`);
    });
  }

  it('gives no receipt that holds of a row that was changed, and the kept one still does', async () => {
    const tenant = await withEntries();
    const keys = await publishedKeys(world);
    const kept = await receiptOfRequest(world, tenant, 'r7');
    const sql = "update signature set trace_id = 'other' where key_id = $1 and request_id = 'r7'";
    await world.db.query(sql, [tenant.keyId]);

    assert.equal(isProven(await receiptOfRequest(world, tenant, 'r7'), keys), false);
    assert.equal(isProven(kept, keys), true);
  });

  it('gives no receipt that holds of a refusal that was changed', async () => {
    const tenant = await withEntries();
    const request = { keyId: tenant.keyId, pageSize: 0, pageToken: '' };
    const { denials } = await world.keys.listDenials(request, as(`user:${tenant.userId}`));
    const name = { $case: 'denialId', value: denials[0]?.id ?? 0n } as const;
    const keys = await publishedKeys(world);
    assert.equal(isProven(await receiptOf(world, tenant, name), keys), true);

    await world.db.query("update denial set reason = 'NONE' where key_id = $1", [tenant.keyId]);

    assert.equal(isProven(await receiptOf(world, tenant, name), keys), false);
  });

  it('tells that its end was cut while its heads are there', async () => {
    const tenant = await withEntries();
    await cutTo(tenant, 20);
    assert.ok(kindsIn(await auditOf(world, tenant.userId)).has(LOG_CUT));
  });

  it('proves nothing to who kept a head of what was cut, nor of another end', async () => {
    const tenant = await withEntries();
    const kept = await headOf(tenant);
    await cutTo(tenant, 20);
    await world.db.query('delete from log_head where log_id = $1 and size > 20', [
      await logIdOf(tenant),
    ]);
    const owner = { owner: { $case: 'userId', value: tenant.userId } } as const;
    const own = as(`user:${tenant.userId}`);
    const proof = { owner, firstSize: kept.size, size: 0n };
    assert.equal(await reasonOf(world.receipts.getConsistencyProof(proof, own)), 'RANGE_INVALID');

    for (let nth = 0; nth < 30; nth += 1) await signRaw(world, tenant, 'payload', `other-${nth}`);
    await receiptOfRequest(world, tenant, 'other-29');
    const grown = await headOf(tenant);

    assert.ok(grown.size > kept.size && saidIn(grown, await publishedKeys(world)));
    assert.equal(await hasGrown(world, tenant.userId, [kept, grown]), false);
  });

  it('believes no head that another key has signed', async () => {
    const tenant = await withEntries();
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { name, id } = noteKey('ramet.dev/keys', publicKey);
    const { note, size } = await headOf(tenant);
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const forged = signNote(text, [{ name, id, privateKey }]);
    await world.db.query('update log_head set note = $3 where log_id = $1 and size = $2', [
      await logIdOf(tenant),
      size,
      forged,
    ]);

    assert.deepEqual([...kindsIn(await auditOf(world, tenant.userId))], [HEAD_FORGED]);
    const receipt = await receiptOfRequest(world, tenant, 'r7');
    assert.equal(isProven(receipt, await publishedKeys(world)), false);
  });

  /** Somebody with signatures and a refusal in their log. */
  async function withEntries(): Promise<Tenant> {
    const tenant = await newTenant(world);
    const operations = [SignOperation.RAW];
    const none = GrantLimits.decode(Buffer.alloc(0));
    assert.equal(await reasonOf(signRaw(world, tenant, 'payload')), 'KEY_NOT_FOUND');
    await authorize(world, tenant, { ...none, operations });
    const ids = Array.from({ length: ENTRIES }, (_, nth) => `r${nth}`);
    await Promise.all(ids.map((id) => signRaw(world, tenant, `payload ${id}`, id)));
    await Promise.all(ids.map((id) => receiptOfRequest(world, tenant, id)));
    return tenant;
  }

  async function headOf({ userId }: Tenant): Promise<SignedHead> {
    const owner = { owner: { $case: 'userId', value: userId } } as const;
    const { head } = await world.receipts.getSignedHead({ owner }, as(`user:${userId}`));
    if (!head) throw new Error('there is no head');
    return head;
  }

  async function logIdOf({ userId }: Tenant): Promise<bigint> {
    const sql = 'select id from log where owner_id = $1';
    const [row] = await world.db.query<{ readonly id: bigint }>(sql, [userId]);
    if (!row) throw new Error('there is no log');
    return row.id;
  }

  /** Removes the end of a log, and all that is stored of it but its heads. */
  async function cutTo(tenant: Tenant, size: number): Promise<void> {
    const id = await logIdOf(tenant);
    await world.db.query(
      `with gone as (delete from log_leaf where log_id = $1 and index >= $2 returning *)
       delete from signature where position in (select position from gone where kind = 'signature')`,
      [id, size],
    );
    await world.db.query('delete from log_node where log_id = $1', [id]);
    const leaves = await world.db.query<{ readonly hash: Buffer }>(
      'select hash from log_leaf where log_id = $1 order by index',
      [id],
    );
    const { frontier, nodes } = grow(
      EMPTY,
      leaves.map(({ hash }) => hash),
    );
    for (const { height, index, hash } of nodes.filter((node) => node.height === 4)) {
      const sql = 'insert into log_node (log_id, height, index, hash) values ($1, $2, $3, $4)';
      await world.db.query(sql, [id, height, index, hash]);
    }
    const sql = 'update log set size = $2, peaks = $3 where id = $1';
    await world.db.query(sql, [id, size, frontier.peaks]);
  }
});

function kindsIn(audit: LogAudit | undefined): ReadonlySet<LogFaultKind> {
  return new Set(audit?.faults.map(({ kind }) => kind));
}
