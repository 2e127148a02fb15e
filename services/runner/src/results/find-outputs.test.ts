import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chown, link, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findOutputs } from './find-outputs.js';

// Goal: of what a workload leaves only its own plain files are sent, whatever else it left.
// Method: the hostile workload that litters, run here as whoever runs the tests.

const LITTER = fileURLToPath(
  new URL('../../../../deploy/examples/hostile/litter.mjs', import.meta.url),
);
const USER = 65_534;
const run = promisify(execFile);

describe('findOutputs', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ramet-outputs-'));
  });
  afterEach(() => run('rm', ['-rf', folder]));

  it('finds plain files of any name, and names what it leaves out', async () => {
    await litter(folder, 3);

    const { outputs, skipped, skippedCount } = await findOutputs(folder, process.getuid?.() ?? 0);

    const names = outputs.map(({ name }) => name).filter((name) => !name.startsWith('hard-'));
    assert.deepEqual(names, [
      'deep/er/file.txt',
      'empty',
      ...['many/0', 'many/1', 'many/2'],
      'two\nlines "quoted" \\ and \'so\' ünïcödé 🦊',
    ]);
    const said = skipped.join('\n');
    assert.match(said, /"link-0" is a link/);
    assert.match(said, /"link-1" is a link/);
    assert.match(said, /"pipe" is no file/);
    assert.match(said, /"(d\/){99}d" is a folder that was not looked into/);
    assert.match(said, /"not-utf8-��" has a name that is no UTF-8/);
    assert.equal(skippedCount, skipped.length);
  });

  it('finds no more than so many, and says how many there are more', async () => {
    await litter(folder, 20_000);

    const { outputs, skipped, skippedCount } = await findOutputs(folder, process.getuid?.() ?? 0);

    assert.equal(outputs.length, 10_000);
    assert.equal(skipped.length, 100);
    assert.ok(skippedCount > 10_000, `${skippedCount}`);
  });

  (process.getuid?.() === 0 ? it : it.skip)('finds nothing that is only linked to', async () => {
    const foreign = await mkdtemp(join(tmpdir(), 'ramet-foreign-'));
    await writeFile(join(foreign, 'secret'), 'of the mesh', { mode: 0o600 });
    await link(join(foreign, 'secret'), join(folder, 'stolen'));
    await writeFile(join(folder, 'own'), 'own');
    await chown(join(folder, 'own'), USER, USER);

    const { outputs, skipped } = await findOutputs(folder, USER);

    assert.deepEqual(
      outputs.map(({ name }) => name),
      ['own'],
    );
    assert.deepEqual(skipped, ['"stolen" is not its own']);
    await rm(foreign, { recursive: true });
  });
});

async function litter(output: string, count: number): Promise<void> {
  const env = { PATH: process.env.PATH, RAMET_OUTPUT: output };
  await run(process.execPath, [LITTER, String(count)], { env });
}
