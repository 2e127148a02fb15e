import assert from 'node:assert/strict';
import { createdOf, etagOf, type Key } from './key.js';
import {
  deleted,
  destroyed,
  disabled,
  enabled,
  rotated,
  undeleted,
  updated,
  versionDestroyed,
} from './key-life.js';
import { AT, aNewKey } from './sample-key.js';

const DAY_MS = 24 * 3_600_000;
const KEY = createdOf(aNewKey({ venueKeyId: 'first' }), AT);
const SECOND = { origin: 'imported', publicKey: Buffer.from('2'), venueKeyId: 'second' } as const;

describe('an update', () => {
  it('changes what it names, and tells the name at the venue of the newest version', () => {
    const next = updated(KEY, after(1), '', { name: 'live', venueKeyId: 'renamed' });

    assert.deepEqual([next.name, next.venueKeyId, next.seq], ['live', 'renamed', 2]);
    assert.equal(next.versions[0]?.venueKeyId, 'renamed');
  });

  it('that changes nothing leaves the key as it is', () => {
    assert.equal(updated(KEY, after(1), '', { name: 'paper', labels: {} }), KEY);
    assert.equal(updated(KEY, after(1), '', {}), KEY);
    assert.equal(updated(KEY, after(1), 'r9', { name: 'paper' }), KEY);
  });

  it('refuses an end that is not after the beginning', () => {
    const change = { validFrom: after(2), validUntil: after(1) };
    assert.throws(() => updated(KEY, AT, '', change), { reason: 'REQUEST_INVALID' });
  });
});

describe('disabling and enabling', () => {
  it('take each other back, and do nothing twice', () => {
    const off = disabled(KEY, after(1), '');
    assert.deepEqual(off.disabledAt, after(1));
    assert.equal(disabled(off, after(2), ''), off);
    // Who asks again, not knowing whether it is so, has the etag from before.
    assert.equal(disabled(off, after(2), etagOf(KEY)), off);
    assert.equal(enabled(off, after(3), '').disabledAt, undefined);
    assert.equal(enabled(KEY, after(3), ''), KEY);
  });
});

describe('a deletion', () => {
  it('waits, can be taken back until then, and not after', () => {
    const gone = deleted({ ...KEY, isDefault: true }, AT, '', DAY_MS);

    assert.deepEqual([gone.deletedAt, gone.purgeAt], [AT, after(DAY_MS)]);
    assert.equal(gone.isDefault, false);
    assert.equal(undeleted(gone, after(DAY_MS - 1)).deletedAt, undefined);
    assert.throws(() => undeleted(gone, after(DAY_MS)), { reason: 'KEY_DELETED' });
    assert.equal(undeleted(KEY, AT), KEY);
  });

  it('destroys every version once the wait is over, and not before', () => {
    const gone = deleted(rotated(KEY, AT, 1, { version: SECOND, overlapMs: 0 }), AT, '', DAY_MS);

    assert.equal(destroyed(gone, after(DAY_MS - 1)), gone);
    const end = destroyed(gone, after(DAY_MS));
    assert.deepEqual(
      end.versions.map(({ destroyedAt }) => destroyedAt),
      [after(DAY_MS), after(DAY_MS)],
    );
    assert.throws(() => undeleted(end, after(DAY_MS)), { reason: 'KEY_DELETED' });
    assert.equal(destroyed(KEY, after(DAY_MS)), KEY);
  });

  it('is refused while a clone holds the key, without telling which clone', () => {
    const held = { ...KEY, hold: { cloneId: 'cln_1', createdAt: AT } };
    assert.throws(
      () => deleted(held, AT, '', DAY_MS),
      (thrown: Error & { reason?: string }) =>
        thrown.reason === 'KEY_IN_USE' && !JSON.stringify(thrown).includes('cln_1'),
    );
  });

  it('changes nothing about a key that is deleted, whatever the etag', () => {
    const gone = deleted(KEY, AT, '', DAY_MS);
    assert.equal(deleted(gone, after(1), '"9"', DAY_MS), gone);
  });
});

describe('a rotation', () => {
  it('has the new version sign, and the one before until the overlap is over', () => {
    const next = rotated(KEY, AT, 1, { version: SECOND, overlapMs: 60_000 });

    assert.deepEqual([next.version, next.venueKeyId, next.origin], [2, 'second', 'imported']);
    assert.deepEqual(
      next.versions.map(({ number, retireAt }) => [number, retireAt]),
      [
        [2, undefined],
        [1, after(60_000)],
      ],
    );
    assert.equal(versionDestroyed(next, after(59_999), 1), next);
    assert.equal(versionDestroyed(next, after(90_000), 2), next);
    assert.deepEqual(
      versionDestroyed(next, after(60_000), 1).versions[1]?.destroyedAt,
      after(60_000),
    );
  });

  it('ends every version before with its overlap, and none later than it would have', () => {
    const second = rotated(KEY, AT, 1, { version: SECOND, overlapMs: 60_000 });
    const ends = (overlapMs: number) =>
      rotated(second, AT, 2, { version: SECOND, overlapMs }).versions.map((each) => each.retireAt);

    assert.deepEqual(ends(0), [undefined, AT, AT]);
    assert.deepEqual(ends(90_000), [undefined, after(90_000), after(60_000)]);
  });

  it('is refused for a version that is not the newest any more', () => {
    const next = rotated(KEY, AT, 1, { version: SECOND, overlapMs: 0 });
    const again = () => rotated(next, AT, 1, { version: SECOND, overlapMs: 0 });
    assert.throws(again, { reason: 'ETAG_STALE' });
  });

  it('is refused while ten versions are there, and tells of twenty at most', () => {
    let key: Key = KEY;
    const rotate = () => rotated(key, AT, key.version, { version: SECOND, overlapMs: 0 });
    for (let nth = 0; nth < 9; nth += 1) key = rotate();
    assert.throws(rotate, { reason: 'KEY_VERSIONS_FULL' });

    for (let nth = 0; nth < 30; nth += 1) {
      key = versionDestroyed(key, AT, key.version - 9);
      key = rotate();
    }
    assert.equal(key.version, 40);
    assert.equal(key.versions.length, 20);
  });

  it('keeps sight of a version that is there, however many came after it', () => {
    let key = rotated(KEY, AT, 1, { version: SECOND, overlapMs: DAY_MS });
    for (let nth = 0; nth < 40; nth += 1) {
      key = rotated(key, AT, key.version, { version: SECOND, overlapMs: 0 });
      key = versionDestroyed(key, AT, key.version - 1);
    }

    assert.deepEqual([key.versions.length, key.versions.at(-1)?.number], [21, 1]);
    const end = versionDestroyed(key, after(DAY_MS), 1);
    assert.deepEqual(end.versions.at(-1)?.destroyedAt, after(DAY_MS));
  });
});

describe('whatever is done to a key', () => {
  const acts: readonly (readonly [string, (key: Key, etag: string) => Key])[] = [
    ['an update', (key, etag) => updated(key, AT, etag, { name: 'other' })],
    ['disabling', (key, etag) => disabled(key, AT, etag)],
    ['enabling', (key, etag) => enabled(key, AT, etag)],
  ];
  for (const [name, act] of acts) {
    it(`is refused when it was read before a change or is deleted: ${name}`, () => {
      assert.throws(() => act(KEY, '"9"'), { reason: 'ETAG_STALE' });
      act(KEY, etagOf(KEY));
      const gone = deleted(KEY, AT, '', DAY_MS);
      assert.throws(() => act(gone, ''), { reason: 'KEY_DELETED' });
    });
  }
});

function after(ms: number): Date {
  return new Date(AT.getTime() + ms);
}
