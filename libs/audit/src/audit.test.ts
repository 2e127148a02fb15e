import assert from 'node:assert/strict';
import { prune } from './audit-log.js';
import { recordOf, startWorld, type World } from './support.js';

const FIRST = { filter: '', pageSize: 0, pageToken: '' };
const KEY = 'key_01hzzzzzzzzzzzzzzzzzzzzzzz';

describe('the audit of a service', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  it('shows an administrator who did what, newest first, a page at a time', async () => {
    const log = world.replica();
    for (const traceId of ['a1', 'a2', 'a3']) {
      log.keep(recordOf({ traceId, correlationId: 'pages', targets: [KEY] }));
    }
    await log.flush();
    const admin = world.as('admin');
    const filter = `correlation_id = pages AND targets:${KEY}`;
    const first = await admin.listAudit({ filter, pageSize: 2, pageToken: '' });
    const { nextPageToken: pageToken } = first;
    const second = await admin.listAudit({ filter, pageSize: 2, pageToken });
    const traces = [...first.records, ...second.records].map(({ traceId }) => traceId);
    assert.deepEqual(traces, ['a3', 'a2', 'a1']);
    assert.equal(second.nextPageToken, '');
    const { service, callerId, action, code, targets, peer, tokenId, count } =
      first.records[0] ?? {};
    assert.deepEqual(
      { service, callerId, action, code, targets, peer, tokenId, count },
      {
        ...{ service: 'things', callerId: 'usr_1', action: 'things.create', code: 'OK' },
        ...{ targets: [KEY], peer: '127.0.0.1', tokenId: 'tok_2', count: 1 },
      },
    );
  });

  it('shows others what they did, and what was done on their behalf', async () => {
    const log = world.replica();
    const service = { kind: 'service', id: 'lifecycle', admin: false, tokenId: 'tok_3' } as const;
    log.keep(recordOf({ caller: { ...service, onBehalfOf: 'usr_mine' }, traceId: 'm1' }));
    log.keep(recordOf({ caller: { ...service, kind: 'user', id: 'usr_mine' }, traceId: 'm2' }));
    log.keep(recordOf({ caller: { ...service, kind: 'user', id: 'usr_other' }, traceId: 'm3' }));
    await log.flush();
    const { records } = await world.as('user:usr_mine').listAudit(FIRST);
    assert.deepEqual(
      records.map(({ traceId }) => traceId),
      ['m2', 'm1'],
    );
  });

  it('keeps refusals, many that are alike as one', async () => {
    const nobody = world.as('nobody');
    const refused = Array.from({ length: 40 }, () =>
      assert.rejects(nobody.listAudit(FIRST), { reason: 'TOKEN_MISSING' }),
    );
    await Promise.all(refused);
    const filter = 'code = UNAUTHENTICATED AND action = audit.list';
    for await (const { records } of world.as('admin').exportAudit({ after: 0n })) {
      if (records.some(({ code }) => code === 'UNAUTHENTICATED')) break;
    }
    const { records: rows } = await world.as('admin').listAudit({ ...FIRST, filter });
    const count = rows.reduce((sum, row) => sum + row.count, 0);
    assert.ok(count >= 1 && count <= 40, `${count}`);
    assert.ok(rows.length < 40, `${rows.length} rows`);
    assert.deepEqual([rows[0]?.reason, rows[0]?.callerId], ['TOKEN_MISSING', '']);
  });

  it('has no gap and no repetition for who exports it while replicas write', async () => {
    const replicas = [world.replica(), world.replica(), world.replica()];
    const wanted = new Set<string>();
    const seen: string[] = [];
    const positions: bigint[] = [];
    const writing = Promise.all(
      replicas.map(async (log, replica) => {
        for (let round = 0; round < 30; round += 1) {
          const traceId = `x${replica}.${round}`;
          wanted.add(traceId);
          log.keep(recordOf({ traceId, correlationId: 'export' }));
          await log.flush();
        }
      }),
    );
    for await (const { records } of world.as('admin').exportAudit({ after: 0n })) {
      positions.push(...records.map(({ position }) => position));
      const mine = records.filter(({ correlationId }) => correlationId === 'export');
      seen.push(...mine.map(({ traceId }) => traceId));
      if (seen.length >= 90) break;
    }
    await writing;
    assert.deepEqual(seen.toSorted(), [...wanted].sort());
    assert.ok(positions.every((each, place) => place === 0 || each > (positions[place - 1] ?? 0n)));
  });

  it('waits with what it cannot write, and loses nothing of it', async () => {
    const log = world.replica();
    await world.db.query('alter table audit rename to audit_away');
    log.keep(recordOf({ traceId: 'w1', correlationId: 'waits' }));
    await log.flush();
    assert.ok(world.warnings.includes('the audit cannot be written'));
    await world.db.query('alter table audit_away rename to audit');
    log.keep(recordOf({ traceId: 'w2', correlationId: 'waits' }));
    await log.flush();
    const filter = 'correlation_id = waits';
    const { records } = await world.as('admin').listAudit({ ...FIRST, filter });
    assert.deepEqual(
      records.map(({ traceId }) => traceId),
      ['w2', 'w1'],
    );
  });

  it('refuses a filter that it does not understand, and says where', async () => {
    const asked = world.as('admin').listAudit({ ...FIRST, filter: 'secret = 1' });
    await assert.rejects(asked, { reason: 'REQUEST_INVALID' });
  });

  it('exports to administrators alone', async () => {
    const export_ = async () => {
      for await (const _ of world.as('user:usr_1').exportAudit({ after: 0n }));
    };
    await assert.rejects(export_, { code: 'PERMISSION_DENIED' });
  });
});

describe('retention of the audit', () => {
  it('removes what is older, and tells who reads on after it', async () => {
    await using world = await startWorld();
    const log = world.replica();
    for (const traceId of ['old1', 'old2', 'new']) log.keep(recordOf({ traceId }));
    await log.flush();
    const age = `update audit set at = at - interval '31 days' where trace_id like 'old%'`;
    await world.db.query(age);
    await prune(world.db, 30);

    const admin = world.as('admin');
    const { records } = await admin.listAudit(FIRST);
    assert.deepEqual(
      records.map(({ traceId }) => traceId),
      ['new'],
    );
    const late = async () => {
      for await (const _ of admin.exportAudit({ after: 1n }));
    };
    await assert.rejects(late, { reason: 'CURSOR_PRUNED', code: 'OUT_OF_RANGE' });
    for await (const page of admin.exportAudit({ after: 2n })) {
      assert.deepEqual(
        page.records.map(({ traceId }) => traceId),
        ['new'],
      );
      break;
    }
  });
});
