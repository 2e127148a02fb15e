import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStoreUnavailableError, openDiskStore } from '../index.js';

const INDEX = new URL('../index.js', import.meta.url).href;
const roomy = { maxBytes: 1024 * 1024 };

describe('openDiskStore', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ramet-disk-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('keeps everything for its owner alone', async () => {
    await chmod(dir, 0o755);
    await using store = await openDiskStore({ dir });
    await store.put('cln_a/exe_b/000001', one('x'), roomy);

    for (const folder of ['', '.incoming', 'cln_a', 'cln_a/exe_b']) {
      assert.equal((await stat(join(dir, folder))).mode & 0o777, 0o700, folder);
    }
    const file = await stat(join(dir, 'cln_a/exe_b/000001.blob'));
    assert.equal(file.mode & 0o777, 0o600);
  });

  it('finds what was there', async () => {
    await (await openDiskStore({ dir })).put('a/b', one('kept'), roomy);
    await using store = await openDiskStore({ dir: `${dir}/` });
    assert.deepEqual(await store.stat('a/b'), { sizeBytes: 4 });
  });

  it('leaves no folder that nothing is in', async () => {
    await using store = await openDiskStore({ dir });
    await store.put('a/b/c', one('x'), roomy);
    await store.put('a/d', one('x'), roomy);
    await store.remove(['a/b/c']);
    assert.deepEqual(await readdir(join(dir, 'a')), ['d.blob']);
    await store.removeUnder('a');
    assert.deepEqual(await readdir(dir), ['.incoming']);
  });

  it('keeps blobs that come while their folder is emptied', async () => {
    await using store = await openDiskStore({ dir });
    for (let round = 0; round < 50; round += 1) {
      await store.put('busy/old', one('old'), roomy);
      await Promise.all([store.remove(['busy/old']), store.put('busy/fresh', one('x'), roomy)]);
      assert.deepEqual(await store.stat('busy/fresh'), { sizeBytes: 1 });
      await store.remove(['busy/fresh']);
    }
  });

  it('removes what a process that was killed had half-written, and nothing of one that lives', async () => {
    await using killed = await startWriter(dir);
    await using living = await startWriter(dir);
    assert.equal((await readdir(join(dir, '.incoming'))).length, 2);

    await killed[Symbol.asyncDispose]();
    await using store = await openDiskStore({ dir });

    const left = await readdir(join(dir, '.incoming'));
    assert.deepEqual(
      left.map((name) => name.split('-')[0]),
      [String(living.pid)],
    );
    assert.equal(await store.stat('half'), undefined);
  });

  it('removes what an earlier process of the same number left', async () => {
    await mkdir(join(dir, '.incoming'));
    await writeFile(join(dir, '.incoming', `${process.pid}-1-1`), 'half');
    await using _ = await openDiskStore({ dir });
    assert.deepEqual(await readdir(join(dir, '.incoming')), []);
  });

  it('lets two stores of one process write into one folder', async () => {
    await using first = await openDiskStore({ dir });
    await using second = await openDiskStore({ dir });
    const signal = new AbortController();
    const pending = first.put('first', hanging(), { ...roomy, signal: signal.signal });
    await second.put('second', one('x'), roomy);
    signal.abort(new Error('enough'));
    await assert.rejects(pending, /enough/);
    assert.deepEqual(await second.stat('second'), { sizeBytes: 1 });
  });

  it('holds no file when a reader has stopped', async () => {
    await using store = await openDiskStore({ dir });
    await store.put('read', one('x'.repeat(200_000)), roomy);
    for await (const _ of store.read('read')) {
      assert.equal(await filesOpenIn(dir), 1);
      break;
    }
    assert.equal(await filesOpenIn(dir), 0);
  });

  it('passes over files that are not its own', async () => {
    await using store = await openDiskStore({ dir });
    await writeFile(join(dir, 'README.txt'), 'x');
    await writeFile(join(dir, 'name'), 'x');
    await mkdir(join(dir, 'lost+found'));
    const listed = [];
    for await (const { key } of store.list('')) listed.push(key);
    assert.deepEqual(listed, []);
  });

  it('says that it is not available where there can be no folder', async () => {
    await writeFile(join(dir, 'file'), 'x');
    await assert.rejects(openDiskStore({ dir: join(dir, 'file') }), BlobStoreUnavailableError);
  });

  it('says that it is not available when its disk fails', async () => {
    await using store = await openDiskStore({ dir });
    await writeFile(join(dir, 'blocked'), 'where a folder should be');
    await assert.rejects(store.put('blocked/a', one('x'), roomy), BlobStoreUnavailableError);
    await assert.rejects(store.stat('blocked/a'), BlobStoreUnavailableError);
    assert.deepEqual(await readdir(join(dir, '.incoming')), []);
  });

  it('does not load the client of the other store', async () => {
    const program = `
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(
        'export function resolve(name, context, next) {' +
        '  if (name === "aws4fetch") throw new Error("loads " + name);' +
        '  return next(name, context);' +
        '}'));
      const { openDiskStore, openS3Store } = await import('${INDEX}');
      await openDiskStore({ dir: '${dir}' });
      console.log('opened');
      await openS3Store({ prefix: '' }).catch(({ message }) => console.log(message));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
    child.stderr.pipe(process.stderr);
    const printed = await child.stdout.setEncoding('utf8').toArray();
    assert.equal(printed.join(''), 'opened\nloads aws4fetch\n');
  });
});

interface Writer extends AsyncDisposable {
  readonly pid: number | undefined;
}

/** Starts a process that has written some of a blob, and waits. It is killed at its end. */
async function startWriter(dir: string): Promise<Writer> {
  const program = `
    import { openDiskStore } from '${INDEX}';
    async function* half() {
      yield Buffer.alloc(100);
      yield Buffer.alloc(100);
      console.log('half');
      await new Promise(() => setInterval(() => undefined, 1_000));
    }
    const store = await openDiskStore({ dir: '${dir}' });
    await store.put('half', half(), { maxBytes: 1_000 });`;
  const writer = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(writer, 'exit');
  await once(writer.stdout, 'data');
  return {
    pid: writer.pid,
    [Symbol.asyncDispose]: async () => {
      writer.kill('SIGKILL');
      await exited;
    },
  };
}

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function* hanging(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x');
  await new Promise(() => undefined);
}

async function filesOpenIn(dir: string): Promise<number> {
  const names = await readdir('/proc/self/fd');
  const paths = await Promise.all(
    names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return paths.filter((path) => path.startsWith(dir)).length;
}
