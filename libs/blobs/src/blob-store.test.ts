import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { BlobStore } from './index.js';
import {
  BlobKeyError,
  BlobNotFoundError,
  BlobRangeError,
  BlobTooLargeError,
  type ReadOptions,
} from './index.js';
import { OPENERS, type TestStore } from './support/openers.js';

const MIB = 1024 * 1024;
const roomy = { maxBytes: 64 * MIB };

for (const { name, open } of OPENERS) {
  describe(`a blob store on ${name}`, () => {
    let opened: TestStore;
    let store: BlobStore;

    before(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(async () => {
      assert.deepEqual(await opened.leftovers(), []);
    });
    after(() => opened[Symbol.asyncDispose]());

    it('gives back what was put, and says what it was', async () => {
      const bytes = Buffer.from('what a stage left');

      const stored = await store.put('cln_a/exe_b/000001', pieces(bytes), roomy);

      assert.deepEqual(stored, { sizeBytes: bytes.length, sha256: sha256(bytes) });
      assert.deepEqual(await read(store, 'cln_a/exe_b/000001'), bytes);
      assert.deepEqual(await store.stat('cln_a/exe_b/000001'), { sizeBytes: bytes.length });
    });

    it('keeps a key, and what lies in the folder of the same name', async () => {
      await store.put('same', pieces(Buffer.from('key')), roomy);
      await store.put('same/name', pieces(Buffer.from('folder')), roomy);

      assert.deepEqual(String(await read(store, 'same')), 'key');
      assert.deepEqual(String(await read(store, 'same/name')), 'folder');
    });

    it('keeps an empty blob', async () => {
      const none = Buffer.alloc(0);

      const stored = await store.put('empty', pieces(none, none), roomy);

      assert.deepEqual(stored, { sizeBytes: 0, sha256: sha256(none) });
      assert.deepEqual(await store.stat('empty'), { sizeBytes: 0 });
      assert.deepEqual(await read(store, 'empty'), none);
      assert.deepEqual(await read(store, 'empty', { offset: 0, length: 5 }), none);
      await assert.rejects(read(store, 'empty', { offset: 1 }), BlobRangeError);
    });

    describe('reads ranges', () => {
      const bytes = Buffer.from('0123456789');
      before(() => store.put('digits', pieces(bytes), roomy));

      const cases: readonly [string, ReadOptions, string][] = [
        ['the first byte', { offset: 0, length: 1 }, '0'],
        ['the last byte', { offset: 9, length: 1 }, '9'],
        ['the middle', { offset: 3, length: 4 }, '3456'],
        ['from the middle on', { offset: 7 }, '789'],
        ['up to a length', { length: 3 }, '012'],
        ['more than there is', { offset: 8, length: 100 }, '89'],
        ['nothing', { offset: 4, length: 0 }, ''],
        ['from the end', { offset: 10 }, ''],
        ['from the end, some', { offset: 10, length: 5 }, ''],
      ];
      for (const [what, options, expected] of cases) {
        it(what, async () => {
          assert.equal(String(await read(store, 'digits', options)), expected);
        });
      }

      for (const options of [{ offset: 11 }, { offset: 11, length: 0 }, { offset: 1e12 }]) {
        it(`refuses ${JSON.stringify(options)}`, async () => {
          await assert.rejects(read(store, 'digits', options), (thrown) => {
            assert.ok(thrown instanceof BlobRangeError);
            assert.equal(thrown.sizeBytes, 10);
            return true;
          });
        });
      }

      for (const options of [{ offset: -1 }, { offset: 0.5 }, { length: -1 }, { offset: NaN }]) {
        it(`refuses ${String(Object.entries(options))}`, async () => {
          await assert.rejects(read(store, 'digits', options), RangeError);
        });
      }
    });

    it('streams 20 MiB in and out', async () => {
      const bytes = noise(20 * MIB + 1);

      const stored = await store.put('large', sliced(bytes, 100_000), roomy);

      assert.deepEqual(stored, { sizeBytes: bytes.length, sha256: sha256(bytes) });
      assert.ok(bytes.equals(await read(store, 'large')));
      const across = { offset: 8 * MIB - 5, length: 10 };
      assert.ok(
        bytes.subarray(8 * MIB - 5, 8 * MIB + 5).equals(await read(store, 'large', across)),
      );
    });

    for (const sizeBytes of [8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB]) {
      it(`keeps ${sizeBytes} bytes, about the size of a part`, async () => {
        const bytes = noise(sizeBytes);
        await store.put('parts', sliced(bytes, 3 * MIB), roomy);
        assert.ok(bytes.equals(await read(store, 'parts')));
      });
    }

    it('hands out pieces that stay as they are', async () => {
      const bytes = noise(MIB);
      await store.put('pieces', pieces(bytes), roomy);
      const kept: Uint8Array[] = [];
      for await (const piece of store.read('pieces')) kept.push(piece);
      assert.ok(kept.length > 1);
      assert.ok(bytes.equals(Buffer.concat(kept)));
    });

    it('ends reading where the reader stops', async () => {
      await store.put('stopped', pieces(noise(4 * MIB)), roomy);
      for (let round = 0; round < 100; round += 1) {
        for await (const piece of store.read('stopped')) {
          assert.ok(piece.length > 0);
          break;
        }
      }
      assert.deepEqual(await store.stat('stopped'), { sizeBytes: 4 * MIB });
    });

    it('replaces a blob as a whole, whoever wins', async () => {
      const [first, second] = [Buffer.alloc(9 * MIB, 'a'), Buffer.alloc(9 * MIB, 'b')];

      await Promise.all([
        store.put('twins', sliced(first, 100_000), roomy),
        store.put('twins', sliced(second, 100_000), roomy),
      ]);
      const winner = await read(store, 'twins');
      assert.ok(winner.equals(first) || winner.equals(second));

      await store.put('twins', pieces(Buffer.from('later')), roomy);
      assert.equal(String(await read(store, 'twins')), 'later');
    });

    it('lets a reader end with the blob it began with', async () => {
      const bytes = Buffer.alloc(MIB, 'a');
      await store.put('replaced', pieces(bytes), roomy);
      const reading = store.read('replaced')[Symbol.asyncIterator]();
      const got = [(await reading.next()).value as Uint8Array];

      await store.put('replaced', pieces(Buffer.alloc(MIB, 'b')), roomy);

      for (let next = await reading.next(); !next.done; next = await reading.next()) {
        got.push(next.value);
      }
      assert.ok(bytes.equals(Buffer.concat(got)));
    });

    for (const maxBytes of [0, 9, 9 * MIB]) {
      it(`refuses what is larger than ${maxBytes} bytes, and keeps nothing of it`, async () => {
        await store.put('kept', pieces(Buffer.from('before')), roomy);
        let isClosed = false;
        async function* endless() {
          try {
            for (;;) yield Buffer.alloc(70_000);
          } finally {
            isClosed = true;
          }
        }

        for (const key of ['kept', 'refused']) {
          await assert.rejects(store.put(key, endless(), { maxBytes }), (thrown) => {
            assert.ok(thrown instanceof BlobTooLargeError);
            assert.equal(thrown.maxBytes, maxBytes);
            return true;
          });
        }

        assert.ok(isClosed);
        assert.equal(await store.stat('refused'), undefined);
        assert.equal(String(await read(store, 'kept')), 'before');
      });
    }

    it('takes what is just as large as it may be', async () => {
      const stored = await store.put('exact', pieces(Buffer.from('12345')), { maxBytes: 5 });
      assert.equal(stored.sizeBytes, 5);
    });

    for (const after of [0, 1, 9 * MIB]) {
      it(`leaves nothing of a put whose source fails after ${after} bytes`, async () => {
        const failure = Object.assign(new Error('the source is gone'), { code: 'ENOENT' });
        async function* failing() {
          if (after > 0) yield Buffer.alloc(after);
          throw failure;
        }
        await assert.rejects(store.put('failed', failing(), roomy), (thrown) => thrown === failure);
        assert.equal(await store.stat('failed'), undefined);
      });

      it(`leaves nothing of a put that is aborted after ${after} bytes`, async () => {
        const controller = new AbortController();
        const reason = new Error('nobody wants it');
        async function* hanging() {
          if (after > 0) yield Buffer.alloc(after);
          controller.abort(reason);
          await new Promise(() => undefined);
        }
        await assert.rejects(
          store.put('aborted', hanging(), { ...roomy, signal: controller.signal }),
          (thrown) => thrown === reason,
        );
        assert.equal(await store.stat('aborted'), undefined);
      });
    }

    it('begins nothing when it is aborted already', async () => {
      const signal = AbortSignal.abort(new Error('too late'));
      await assert.rejects(
        store.put('late', pieces(Buffer.from('x')), { ...roomy, signal }),
        /too late/,
      );
      await store.put('late', pieces(Buffer.from('x')), roomy);
      await assert.rejects(read(store, 'late', { signal }), /too late/);
    });

    it('ends a read that is aborted half-way', async () => {
      await store.put('half', pieces(noise(4 * MIB)), roomy);
      const controller = new AbortController();
      const reading = async () => {
        for await (const _ of store.read('half', { signal: controller.signal })) {
          controller.abort(new Error('enough'));
        }
      };
      await assert.rejects(reading(), /enough/);
    });

    it('says of what it does not have that it is not there', async () => {
      await assert.rejects(read(store, 'missing'), BlobNotFoundError);
      await assert.rejects(read(store, 'missing', { offset: 5 }), BlobNotFoundError);
      await assert.rejects(read(store, 'missing', { length: 0 }), BlobNotFoundError);
      assert.equal(await store.stat('missing'), undefined);
    });

    it('refuses what is no key, everywhere', async () => {
      for (const key of ['../etc', 'größe/1', '', 'a//b']) {
        await assert.rejects(store.put(key, pieces(), roomy), BlobKeyError);
        await assert.rejects(read(store, key), BlobKeyError);
        await assert.rejects(store.stat(key), BlobKeyError);
        await assert.rejects(store.remove(['good', key]), BlobKeyError);
        await assert.rejects(store.removeUnder(key), BlobKeyError);
        if (key !== '') await assert.rejects(list(store, key), BlobKeyError);
      }
    });

    it('removes blobs, and what is gone as well', async () => {
      await store.put('removed/1', pieces(Buffer.from('1')), roomy);
      await store.put('removed/2', pieces(Buffer.from('2')), roomy);

      await store.remove(['removed/1', 'removed/never']);
      await store.remove(['removed/1']);
      await store.remove([]);

      assert.deepEqual(await list(store, 'removed'), ['removed/2']);
    });

    it('removes a folder, and nothing that is only called like it', async () => {
      for (const key of ['cln_1', 'cln_1/a', 'cln_1/b/c', 'cln_10/a', 'cln_1_/a']) {
        await store.put(key, pieces(Buffer.from(key)), roomy);
      }

      await store.removeUnder('cln_1');
      await store.removeUnder('cln_1');

      assert.equal(await store.stat('cln_1/a'), undefined);
      assert.equal(await store.stat('cln_1/b/c'), undefined);
      for (const key of ['cln_1', 'cln_10/a', 'cln_1_/a']) {
        assert.equal(String(await read(store, key)), key);
      }
    });

    it('lists what lies in a folder, with size and time', async () => {
      const since = Date.now() - 2_000;
      await store.put('listed/a', pieces(Buffer.from('1')), roomy);
      await store.put('listed/b/c', pieces(Buffer.from('123')), roomy);
      await store.put('listed2/a', pieces(Buffer.from('1')), roomy);

      const found = [];
      for await (const blob of store.list('listed')) found.push(blob);

      assert.deepEqual(found.map(({ key, sizeBytes }) => [key, sizeBytes]).sort(), [
        ['listed/a', 1],
        ['listed/b/c', 3],
      ]);
      for (const { modifiedAt } of found) {
        assert.ok(modifiedAt.getTime() >= since && modifiedAt.getTime() <= Date.now() + 2_000);
      }
      assert.deepEqual(await list(store, 'nowhere'), []);
      const all = await list(store, '');
      assert.ok(all.includes('listed/b/c') && all.includes('listed2/a'));
    });

    it('lists and removes more than fit on a page', async () => {
      const keys = Array.from({ length: 1_005 }, (_, index) => `many/${index % 7}/${index}`);
      for (let at = 0; at < keys.length; at += 15) {
        await Promise.all(
          keys.slice(at, at + 15).map((key) => store.put(key, pieces(Buffer.from(key)), roomy)),
        );
      }
      assert.deepEqual(await list(store, 'many'), [...keys].sort());

      await store.removeUnder('many');

      assert.deepEqual(await list(store, 'many'), []);
    });
  });
}

async function* pieces(...given: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* given;
}

async function* sliced(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield bytes.subarray(at, at + pieceBytes);
  }
}

/** Bytes without a pattern that a mix-up of pieces could keep. The same each time. */
function noise(sizeBytes: number): Buffer {
  return createHash('shake256', { outputLength: sizeBytes }).digest();
}

async function read(store: BlobStore, key: string, options?: ReadOptions): Promise<Buffer> {
  const got: Uint8Array[] = [];
  for await (const piece of store.read(key, options)) got.push(piece);
  return Buffer.concat(got);
}

async function list(store: BlobStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
