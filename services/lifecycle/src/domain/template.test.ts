import assert from 'node:assert/strict';

import { seeded } from '@ramet/test/random';
import { specOf } from '../testing/random-spec.js';
import { defaultSpec } from './release.js';
import { changed, deleted, etagOf, newTemplate, requireEtag } from './template.js';

const NOON = new Date('2026-01-02T12:00:00Z');

const TEMPLATE = newTemplate(
  {
    id: 'tpl_00000000000000000000000001',
    owner: { kind: 'user', id: 'usr_00000000000000000000000001' },
    name: 'web',
    kind: 'ENVIRONMENT',
    description: '',
    shared: false,
    spec: defaultSpec(),
    labels: { a: '1', b: '2' },
  },
  NOON,
);

describe('a template', () => {
  it('starts with revision 1', () => {
    assert.deepEqual([TEMPLATE.revision, TEMPLATE.seq, etagOf(TEMPLATE)], [1, 1, '1']);
  });

  it('has a new revision where its spec differs, and only there', () => {
    const next = changed(TEMPLATE, { spec: { ...defaultSpec(), openParameters: false } });
    assert.deepEqual([next.revision, next.spec.openParameters], [2, false]);
    assert.equal(changed(TEMPLATE, { description: 'x' }).revision, 1);
    assert.equal(changed(TEMPLATE, { description: 'x', spec: defaultSpec() }).revision, 1);
  });

  it('is the same where nothing differs, in whatever order it is written', () => {
    const change = { spec: defaultSpec(), labels: { b: '2', a: '1' }, shared: false };
    assert.equal(changed(TEMPLATE, change), TEMPLATE);
    const random = seeded(9);
    for (let round = 0; round < 200; round += 1) {
      const spec = specOf(random);
      const kept = { ...TEMPLATE, spec };
      assert.equal(changed(kept, { spec: JSON.parse(JSON.stringify(spec)) }), kept);
    }
  });

  it('is deleted once', () => {
    const gone = deleted(TEMPLATE, NOON);
    assert.equal(gone.deletedAt, NOON);
    assert.equal(deleted(gone, new Date()), gone);
  });

  it('is changed only as it was read, if that is asked', () => {
    requireEtag(TEMPLATE, '');
    requireEtag(TEMPLATE, '1');
    assert.throws(() => requireEtag(TEMPLATE, '2'), { reason: 'ETAG_STALE' });
  });
});
