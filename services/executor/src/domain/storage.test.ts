import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { discarded, type Storage, usedBy, vanished } from './storage.js';

const AT = new Date('2030-01-01T00:00:00Z');
const PLACE = { hostId: 'here', at: AT };
const PRESENT: Storage = {
  cloneId: 'cln_1',
  hostId: 'here',
  state: 'present',
  freshEpoch: 2,
  createdAt: AT,
};
const REMOVING: Storage = { ...PRESENT, state: 'removing' };
const REMOVED: Storage = { ...PRESENT, state: 'removed', removedAt: AT };
const use = (epoch: number, isFresh = false) => ({ cloneId: 'cln_1', epoch, isFresh });

describe('a storage', () => {
  const USES: readonly (readonly [string, Storage | undefined, number, boolean, number])[] = [
    ['is made by the first who needs it', undefined, 1, false, 0],
    ['is made empty for whoever asks for that', undefined, 1, true, 1],
    ['is made anew after it was removed', REMOVED, 3, false, 0],
    ['is to be emptied for a newer epoch that asks', PRESENT, 3, true, 3],
    ['is not to be emptied for one that asks again', PRESENT, 2, true, 2],
    ['is not to be emptied for an older one', PRESENT, 1, true, 2],
    ['stays as it is for one that does not ask', PRESENT, 3, false, 2],
  ];
  for (const [what, before, epoch, isFresh, freshEpoch] of USES) {
    it(what, () => {
      const after = usedBy(before, use(epoch, isFresh), PLACE);
      assert.deepEqual(after, { ...PRESENT, freshEpoch });
      if (before?.state === 'present' && before.freshEpoch === freshEpoch) {
        assert.equal(after, before);
      }
    });
  }

  it('is not used on another host, nor while it is being removed', () => {
    const reasonOf = (before: Storage) => {
      try {
        usedBy(before, use(3), PLACE);
        return undefined;
      } catch (thrown) {
        return thrown instanceof PublicError ? `${thrown.code} ${thrown.reason}` : thrown;
      }
    };
    const elsewhere = { ...PRESENT, hostId: 'there' };
    assert.equal(reasonOf(elsewhere), 'failed_precondition HOST_UNAVAILABLE');
    assert.equal(reasonOf(REMOVING), 'unavailable PEER_UNAVAILABLE');
    assert.equal(reasonOf({ ...REMOVED, hostId: 'there' }), undefined);
  });

  it('goes from present to removed by way of removing, and no other', () => {
    assert.deepEqual([PRESENT, REMOVING, REMOVED].map(discarded), [REMOVING, REMOVING, REMOVED]);
    const gone = [PRESENT, REMOVING, REMOVED].map((each) => vanished(each, AT));
    assert.deepEqual(gone, [PRESENT, REMOVED, REMOVED]);
  });
});
