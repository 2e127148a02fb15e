import assert from 'node:assert/strict';
import type { OverrideChange } from './overrides.js';
import { changeLayer, layerEtag, type OwnerLayer } from './owner-layer.js';

const LAYER: OwnerLayer = {
  owner: { kind: 'user', id: 'usr_00000000000000000000000001' },
  overrides: [{ name: 'a', scope: 'APP', layer: 'OWNER', value: '1', digest: '' }],
  seq: 3,
};

function set(name: string, value = ''): OverrideChange {
  return { name, scope: 'APP', kind: 'set', value };
}

function many(count: number): readonly OverrideChange[] {
  return Array.from({ length: count }, (_, n) => set(`n${n}`));
}

describe('the layer of an owner', () => {
  it('is changed, or the same where nothing differs', () => {
    const { overrides } = changeLayer(LAYER, { changes: [set('b', 'x')], etag: '3' });
    assert.deepEqual(
      overrides.map(({ name, layer }) => `${name} ${layer}`),
      ['a OWNER', 'b OWNER'],
    );
    assert.equal(changeLayer(LAYER, { changes: [set('a', '1')], etag: '' }), LAYER);
  });

  it('is changed only as it was read, if that is asked', () => {
    assert.equal(layerEtag(LAYER), '3');
    const wish = { changes: [set('a', '1')], etag: '2' };
    assert.throws(() => changeLayer(LAYER, wish), { code: 'aborted', reason: 'ETAG_STALE' });
  });

  it('has 200 overrides at most', () => {
    assert.equal(changeLayer(LAYER, { changes: many(199), etag: '' }).overrides.length, 200);
    assert.throws(() => changeLayer(LAYER, { changes: many(200), etag: '' }), {
      code: 'resource_exhausted',
      reason: 'QUOTA_EXCEEDED',
      message: /at most 200/,
    });
  });

  it('has 512 KiB at most, secrets included', () => {
    const secrets = Array.from({ length: 8 }, (_, n): OverrideChange => {
      const name = `n${n}`;
      return { name, scope: 'APP', kind: 'secret', digest: 'd', bytes: 65_536 };
    });
    assert.throws(() => changeLayer(LAYER, { changes: secrets, etag: '' }), /at most 524288/);
    const fewer = { changes: secrets.slice(1), etag: '' };
    assert.equal(changeLayer(LAYER, fewer).overrides.length, 8);
  });
});
