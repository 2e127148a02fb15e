// Goal: the program itself behaves in a shell: output, exit codes, pipes, signals.
// Method: it is started as a child process, as `npx ramet` does.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Clone, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { API_KEY, startTestMesh } from './test-mesh.js';

const PROGRAM = fileURLToPath(new URL('../bin/ramet.js', import.meta.url));

describe('the program', () => {
  it('prints its result on standard output and errors beside it', async () => {
    const good = await runProgram(['version', '--json']);
    const bad = await runProgram(['clones', 'list']);

    assert.equal(good.exitCode, 0);
    assert.match((JSON.parse(good.out) as { version: string }).version, /^\d+\.\d+\.\d+$/);
    assert.deepEqual([bad.exitCode, bad.out], [2, '']);
    assert.match(bad.errors, /^error: where is lifecycle/);
  });

  it('ends quietly when whoever reads has read enough', async () => {
    const program = start(['--help']);
    program.stdout?.destroy();

    const [exitCode] = await once(program, 'exit');

    assert.equal(exitCode, 0);
  });

  it('ends with 130 on Ctrl-C in the middle of a watch', async () => {
    await using mesh = await startTestMesh({
      clones: {
        async *watchClones(_request, { signal }) {
          const clone = Clone.fromPartial({ id: 'cln_1', phase: ClonePhase.RUNNING });
          yield { event: { $case: 'snapshot', value: clone }, cursor: Buffer.from('1') };
          await once(signal, 'abort');
        },
      },
    });
    const env = {
      RAMET_TEAMS: mesh.address,
      RAMET_LIFECYCLE: mesh.address,
      RAMET_API_KEY: API_KEY,
    };
    const program = start(['clones', 'watch', '--json'], env);
    assert.ok(program.stdout);

    await once(program.stdout, 'data');
    program.kill('SIGINT');
    const [exitCode] = await once(program, 'exit');

    assert.equal(exitCode, 130);
  });
});

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], {
    env: { HOME: '/nowhere', ...env },
    cwd: '/',
  });
}

async function runProgram(args: readonly string[]) {
  const program = start(args);
  assert.ok(program.stdout && program.stderr);
  const ended = once(program, 'exit');
  const [out, errors] = await Promise.all([text(program.stdout), text(program.stderr)]);
  const [exitCode] = (await ended) as [number];
  return { exitCode, out, errors };
}
