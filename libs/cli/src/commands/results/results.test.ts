// Goal: what a clone has left comes as it was left, or not at all, and never anywhere else.
// Method: the command in this process, a folder of the test's own, and real gRPC with its answers.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type GetResultRequest,
  type GetResultResponse,
  Result,
  ResultKind,
} from '@ramet/proto-gen/lifecycle.v1';
import { runCommand, startTestMesh } from '../../test-mesh.js';

interface Left {
  readonly name: string;
  readonly content: string;
  readonly kind?: ResultKind;
  readonly expired?: boolean;
}

const CLONE_ID = `cln_${'2'.repeat(26)}`;
const CHUNK = 4;
const OUT = 'first line\nsecond \u001b[2J line\n';
const ALL: readonly Left[] = [
  { name: 'run/out.txt', content: OUT },
  { name: 'run/deep/er/model.bin', content: 'model' },
  { name: 'run/1.log', content: 'printed', kind: ResultKind.LOG },
  { name: 'run/gone.txt', content: '', expired: true },
];

describe('ramet results', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ramet-results-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lists what a clone has left', async () => {
    await using mesh = await meshWith(ALL);
    const { out } = await runCommand(mesh.address, ['results', 'list', CLONE_ID]);
    assert.match(out, /^ +0 {2}run\/out\.txt +output +28B /m);
    assert.match(out, /^ +3 {2}run\/gone\.txt .* removed$/m);
  });

  it('writes one to standard output as it is, and to a terminal without its commands', async () => {
    await using mesh = await meshWith(ALL);
    const args = ['results', 'get', CLONE_ID, 'run/out.txt'];
    const piped = await runCommand(mesh.address, args);
    const shown = await runCommand(mesh.address, args, { columns: 80 });
    assert.equal(piped.out, OUT);
    assert.equal(shown.out, 'first line\nsecond \\u001b[2J line\n');
  });

  it('writes one to a file, and replaces none unless it is told to', async () => {
    await using mesh = await meshWith(ALL);
    const path = join(folder, 'model');
    const args = ['results', 'get', CLONE_ID, '1', '--output', path];
    const first = await runCommand(mesh.address, args);
    await writeFile(path, 'mine');
    const second = await runCommand(mesh.address, args);
    const kept = await readFile(path, 'utf8');
    const third = await runCommand(mesh.address, [...args, '--force']);

    assert.match(first.out, /^name: +run\/deep\/er\/model\.bin$/m);
    assert.deepEqual([first.exitCode, second.exitCode, third.exitCode], [0, 2, 0]);
    assert.match(second.errors, /is there already/);
    assert.equal(kept, 'mine');
    assert.equal(await readFile(path, 'utf8'), 'model');
    assert.deepEqual(await readdir(folder), ['model']);
  });

  it('gets a range', async () => {
    await using mesh = await meshWith(ALL);
    const args = ['results', 'get', CLONE_ID, '0', '--offset', '6', '--length', '4'];
    const { out, exitCode } = await runCommand(mesh.address, args);
    assert.equal(out, 'line');
    assert.equal(exitCode, 0);
  });

  for (const [what, spoil] of [
    ['was changed', (part: Buffer) => Buffer.from(part.map((byte) => byte ^ 1))],
    ['was cut', (part: Buffer) => part.subarray(1)],
  ] as const) {
    it(`keeps nothing of one that ${what} on its way`, async () => {
      await using mesh = await meshWith(ALL, spoil);
      const path = join(folder, 'model');
      const args = ['results', 'get', CLONE_ID, '1', '--output', path];
      const { exitCode, errors } = await runCommand(mesh.address, args);
      assert.equal(exitCode, 1);
      assert.match(errors, /is not (what was left|whole)/);
      assert.deepEqual(await readdir(folder), []);
    });
  }

  it('downloads all files with their folders, and logs if they are asked for', async () => {
    await using mesh = await meshWith(ALL);
    const files = join(folder, 'files');
    const both = join(folder, 'both');
    const ran = await runCommand(mesh.address, ['results', 'download', CLONE_ID, files]);
    await runCommand(mesh.address, ['results', 'download', CLONE_ID, both, '--logs']);

    assert.deepEqual(await filesIn(files), ['run/deep/er/model.bin', 'run/out.txt']);
    assert.deepEqual(await filesIn(both), ['run/1.log', 'run/deep/er/model.bin', 'run/out.txt']);
    assert.equal(await readFile(join(files, 'run/out.txt'), 'utf8'), OUT);
    assert.match(ran.errors, /1 results were removed/);
  });

  it('downloads nothing over what is there, and nothing beside it then', async () => {
    await using mesh = await meshWith(ALL);
    await mkdir(join(folder, 'run'));
    await writeFile(join(folder, 'run/out.txt'), 'mine');
    const args = ['results', 'download', CLONE_ID, folder];
    const refused = await runCommand(mesh.address, args);
    assert.equal(refused.exitCode, 2);
    assert.deepEqual(await filesIn(folder), ['run/out.txt']);
    assert.equal(await readFile(join(folder, 'run/out.txt'), 'utf8'), 'mine');
  });

  it('never writes outside of the folder, by names or by links', async () => {
    const names = ['../../escaped', '/escaped', 'run/../../escaped', 'linked/escaped'];
    await using mesh = await meshWith(names.map((name) => ({ name, content: name })));
    const inside = join(folder, 'inside');
    const outside = join(folder, 'outside');
    await mkdir(inside);
    await mkdir(outside);
    await symlink(outside, join(inside, 'linked'));

    const { exitCode, errors } = await runCommand(mesh.address, [
      ...['results', 'download', CLONE_ID, inside],
    ]);
    assert.equal(exitCode, 2);
    assert.match(errors, /linked is not a folder/);
    assert.deepEqual(await readdir(outside), []);
    assert.deepEqual((await readdir(folder)).sort(), ['inside', 'outside']);
    assert.deepEqual(await filesIn(inside), ['__/__/escaped', 'escaped', 'run/__/__/escaped']);
  });

  it('keeps results apart whose names become the same', async () => {
    const names = ['run/a:b', 'run/a_b', 'run/A_B'];
    await using mesh = await meshWith(names.map((name) => ({ name, content: name })));
    await runCommand(mesh.address, ['results', 'download', CLONE_ID, folder]);
    assert.deepEqual(await filesIn(folder), ['run/A_B~2', 'run/a_b', 'run/a_b~1']);
  });
});

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
}

function meshWith(left: readonly Left[], spoil = (part: Buffer): Buffer => part) {
  const results = left.map(({ name, content, kind, expired }, index) =>
    Result.fromPartial({
      ...{ cloneId: CLONE_ID, index, name, expired: expired ?? false },
      kind: kind ?? ResultKind.OUTPUT,
      sizeBytes: BigInt(Buffer.byteLength(content)),
      sha256: createHash('sha256').update(content).digest(),
    }),
  );
  async function* getResult(request: GetResultRequest): AsyncGenerator<GetResultResponse> {
    const { which, offset, length } = request;
    const result = results.find(({ name, index }) => {
      return which?.$case === 'name' ? name === which.value : index === which?.value;
    });
    yield { part: { $case: 'result', value: result ?? Result.fromPartial({}) } };
    const bytes = Buffer.from(left[result?.index ?? 0]?.content ?? '');
    const end = length === 0n ? bytes.length : Number(offset + length);
    const wanted = spoil(bytes.subarray(Number(offset), end));
    for (let at = 0; at < wanted.length; at += CHUNK) {
      yield { part: { $case: 'data', value: wanted.subarray(at, at + CHUNK) } };
    }
  }
  return startTestMesh({
    results: {
      listResults: async ({ pageToken }) => {
        const page = Number(pageToken || 0);
        const nextPageToken = page + 1 < results.length ? `${page + 1}` : '';
        return { results: results.slice(page, page + 1), nextPageToken };
      },
      getResult,
    },
  });
}
