import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@ramet/service';
import { cutLines, LogFiles } from './log-files.js';

const texts = (lines: readonly Buffer[]): readonly string[] => lines.map(String);

describe('cutLines', () => {
  it('keeps what has no line end for later', () => {
    const { lines, rest } = cutLines(Buffer.from('one\n\ntwo\nthr'), 100);
    assert.deepEqual(texts(lines), ['one', '', 'two']);
    assert.equal(rest.toString(), 'thr');
  });

  it('cuts a line that is too long', () => {
    const { lines, rest } = cutLines(Buffer.from('abcdefgh\nij'), 3);
    assert.deepEqual(texts(lines), ['abc', 'def', 'gh']);
    assert.equal(rest.toString(), 'ij');
  });
});

describe('LogFiles', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ramet-logs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('numbers the lines of both outputs, bytes as they were', async () => {
    {
      await using logs = new LogFiles(folder, systemClock);
      await logs.append('stdout', Buffer.from([0x61, 0x00, 0xff, 0x0a]));
      await logs.append('stderr', Buffer.from('unended'));
    }

    const [name = ''] = await readdir(folder);
    const text = await readFile(join(folder, name), 'latin1');
    assert.match(text, /^1 \d+ stdout 3\na\0\xff\n2 \d+ stderr 7\nunended\n$/);
  });

  it('stays within its bounds and keeps the newest', async () => {
    const bounds = { files: 3, fileBytes: 1_000, lineBytes: 100 };
    {
      await using logs = new LogFiles(folder, systemClock, { bounds });
      for (let line = 1; line <= 1_000; line += 1)
        await logs.append('stdout', Buffer.from(`line ${line}\n`));
    }

    const names = (await readdir(folder)).sort();
    assert.equal(names.length, 3);
    for (const name of names) assert.ok((await stat(join(folder, name))).size < 1_200);
    assert.ok((await readFile(join(folder, names[2] ?? ''), 'utf8')).endsWith('line 1000\n'));
  });
});
