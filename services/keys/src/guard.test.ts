// Goal: nobody looks into the process that holds secrets (T13, T24).
// Method: the service in a process of its own, started and signalled as somebody would who may.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { systemIds } from '@ramet/service';
import { createDatabase, type TestDatabase } from '@ramet/test/support';
import { guardProcess } from './guard.js';
import { type KeysProcess, keysProcess } from './support/keys-process.js';

describe('a process that holds secrets', () => {
  let database: TestDatabase;
  let keys: KeysProcess;

  before(async () => {
    database = await createDatabase();
    keys = keysProcess(database.url);
    keys.giveKeks(systemIds.bytes(32));
  });
  after(async () => {
    await keys[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  for (const flag of [
    ...['--inspect=0', '--heapsnapshot-signal=SIGUSR2', '--report-on-signal', '--heap_prof'],
    ...['--cpu-prof', '--import=data:text/javascript,'],
  ]) {
    it(`does not start with ${flag}`, async () => {
      const child = keys.start({ flags: [flag] });
      const errors = textOf(child.stderr);
      assert.deepEqual(await once(child, 'exit'), [1, null]);
      assert.match(await errors, /holds secrets is not started with --/);
    });
  }

  it('does not start with an inspector in its surroundings', () => {
    const process = { execArgv: [], on: () => assert.fail('it went on') };
    for (const flag of ['--inspect-brk', '"--inspect-brk"', '--inspect_brk', '--import=./x.js']) {
      assert.throws(
        () => guardProcess(process, `--max-old-space-size=64 ${flag}`),
        /holds secrets is not started with --(inspect|import)/,
      );
    }
  });

  it('opens no inspector when it is asked to, and leaves its memory out of core dumps', async () => {
    const child = keys.start({ flags: ['--disable-proto=delete', '--secure-heap=1048576'] });
    const [errors, out] = [textOf(child.stderr), served(child.stdout)];
    await out;
    const filter = readFileSync(`/proc/${child.pid}/coredump_filter`, 'utf8');
    assert.equal(Number.parseInt(filter, 16), 0);

    child.kill('SIGUSR1');
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    assert.doesNotMatch(await errors, /Debugger/);
  });
});

/** All that a process says, once it has ended. */
async function textOf(stream: Readable | null): Promise<string> {
  let text = '';
  for await (const piece of stream ?? []) text += String(piece);
  return text;
}

/** Resolves once a process says that it serves. */
async function served(stream: Readable | null): Promise<void> {
  for await (const piece of stream ?? []) if (String(piece).includes('keys is serving')) return;
}
