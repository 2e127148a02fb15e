import assert from 'node:assert/strict';
import { maskOf } from './mask.js';

const FIELDS = { name: true, spec: false };

describe('a mask', () => {
  it('names what changes', () => {
    assert.deepEqual([...maskOf(['spec'], FIELDS)], ['spec']);
    assert.deepEqual([...maskOf(['spec', 'name', 'spec'], FIELDS)], ['name', 'spec']);
  });

  it('that is absent stands for what is set', () => {
    assert.deepEqual([...maskOf(undefined, FIELDS)], ['name']);
    assert.deepEqual([...maskOf([], FIELDS)], ['name']);
  });

  it('is refused for anything else', () => {
    for (const path of ['kind', '', 'spec.stages', '*', 'toString']) {
      assert.throws(() => maskOf(['name', path], FIELDS), {
        message: 'update_mask: must be of name, spec',
      });
    }
  });
});
