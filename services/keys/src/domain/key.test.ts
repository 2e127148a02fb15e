import assert from 'node:assert/strict';
import { deleted, etagOf, type Key } from './key.js';

const AT = new Date(0);
const LATER = new Date(1);

describe('deleted', () => {
  it('ends a free key', () => {
    const key = deleted(FREE, LATER, '');

    assert.deepEqual(key, { ...FREE, deletedAt: LATER, updatedAt: LATER, seq: 2 });
    assert.notEqual(etagOf(key), etagOf(FREE));
  });

  it('changes nothing about a key that is deleted, whatever the etag', () => {
    const gone = { ...FREE, deletedAt: AT };
    assert.equal(deleted(gone, LATER, '"9"'), gone);
  });

  it('refuses a key that a clone holds, without telling which clone', () => {
    const held = { ...FREE, hold: { cloneId: 'cln_1', createdAt: AT } };
    assert.throws(
      () => deleted(held, LATER, ''),
      (thrown: Error & { reason?: string }) =>
        thrown.reason === 'KEY_IN_USE' && !JSON.stringify(thrown).includes('cln_1'),
    );
  });

  it('refuses a key that has changed since it was read', () => {
    assert.throws(() => deleted(FREE, LATER, '"9"'), { reason: 'ETAG_STALE' });
    assert.equal(deleted(FREE, LATER, etagOf(FREE)).deletedAt, LATER);
  });
});

const FREE: Key = {
  ...{ id: 'key_1', owner: { kind: 'user', id: 'usr_1' }, name: 'paper', venue: '' },
  ...{ venueKeyId: '', algorithm: 'hmac_sha256', publicKey: Buffer.alloc(0), labels: {} },
  ...{ origin: 'generated', version: 1, hold: undefined, createdAt: AT, updatedAt: AT },
  ...{ deletedAt: undefined, seq: 1 },
};
