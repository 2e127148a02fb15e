import assert from 'node:assert/strict';
import { type Queries, verifyChain } from '@ramet/database';
import { OwnerOverridesChanged, TemplateChanged } from '@ramet/proto-gen/lifecycle.v1';
import { digestsOf } from '../domain/overrides.js';
import type { OwnerLayer } from '../domain/owner-layer.js';
import { TEMPLATE_COLUMNS, type TemplateRow, toTemplate } from '../store/template-row.js';
import { ownerOverridesChanged, templateChanged } from '../template-events.js';

/**
 * Throws unless the histories of templates and of owners' overrides give their rows, are chained,
 * and the secrets of every layer are there.
 */
export async function requireSoundTemplates(db: Queries): Promise<void> {
  const templates = await db.query<TemplateRow & { hash: Buffer }>(`
    select ${TEMPLATE_COLUMNS}, t.hash from template t
    join template_revision r on r.template_id = t.id and r.revision = t.revision`);
  for (const row of templates) {
    const { payload, hash } = await newest(db, row.id, row.seq);
    const expected = TemplateChanged.decode(templateChanged(toTemplate(row)));
    assert.deepEqual(TemplateChanged.decode(payload), expected, 'the history gives another row');
    assert.ok(hash.equals(row.hash), 'the row has another head');
  }
  const [all] = await db.query<{ count: number }>('select count(*)::int as count from template');
  assert.equal(templates.length, all?.count, 'a template lacks its newest revision');
  await requireSoundLayers(db);
}

async function requireSoundLayers(db: Queries): Promise<void> {
  const rows = await db.query<OwnerLayer & { id: string; hash: Buffer }>(`
    select owner_id as id, overrides, seq, hash from owner_overrides where seq > 0`);
  for (const { id, overrides, seq, hash: head } of rows) {
    const { payload, hash } = await newest(db, `ovr_${id}`, seq);
    const owner = { kind: id.startsWith('usr_') ? 'user' : 'team', id } as const;
    const expected = OwnerOverridesChanged.decode(ownerOverridesChanged({ owner, overrides, seq }));
    assert.deepEqual(OwnerOverridesChanged.decode(payload), expected, 'another row');
    assert.ok(hash.equals(head), 'the row has another head');

    const kept = await db.query<{ digest: string }>(
      'select digest from secret where subject = $1 order by digest',
      [id],
    );
    const digests = kept.map(({ digest }) => digest);
    assert.deepEqual(digests, [...new Set(digestsOf(overrides))].sort(), 'other secrets');
  }
}

interface HistoryLink {
  readonly aggregate: string;
  readonly seq: number;
  readonly payload: Buffer;
  readonly hash: Buffer;
  readonly prevHash: Buffer;
}

async function newest(db: Queries, aggregate: string, seq: number): Promise<HistoryLink> {
  const links = await db.query<HistoryLink>(
    `select aggregate, seq, payload, prev_hash as "prevHash", hash from history
     where aggregate = $1 order by seq`,
    [aggregate],
  );
  assert.equal(verifyChain(links), undefined, 'the chain is broken');
  const last = links.at(-1);
  assert.ok(last, `${aggregate} has no history`);
  assert.equal(last.seq, seq);
  return last;
}
