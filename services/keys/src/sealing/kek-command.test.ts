import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { systemClock } from '@ramet/service';
import { kekCommand } from './kek-command.js';

const KEY = 'k3y-of-32-bytes-that-nobody-sees';

describe('a program that gives key-encryption keys', () => {
  it('is run without a shell, and its output taken for keys', async () => {
    const keks = await program(`process.stdout.write(process.argv[1])`, KEY).read();
    assert.equal(keks.length, 1);
    const two = await program(`process.stdout.write(process.argv[1] + '2'.repeat(32))`, KEY).read();
    assert.deepEqual([two[0]?.id, two.length], [keks[0]?.id, 2]);
  });

  it('knows nothing of this process but where programs are', async () => {
    const code = `
      const known = Object.keys(process.env).filter((name) => !name.startsWith('__'));
      process.stdout.write(known.join() === 'PATH' ? '${KEY}' : '');`;
    assert.equal((await program(code).read()).length, 1);
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['gives nothing', ``, /not 0 bytes/],
    ['gives too little', `process.stdout.write('${KEY}'.slice(1))`, /not 31 bytes/],
    ['gives too much', `process.stdout.write('${KEY}'.repeat(100_000))`, /more than 512 bytes/],
    ['fails', `process.stdout.write('${KEY}'); process.exit(3)`, /ended with 3/],
    [
      'hangs',
      `process.stdout.write('${KEY}'); setInterval(() => undefined, 1e6)`,
      /within 1500 ms/,
    ],
    [
      'leaves a child that holds the pipe',
      `const { spawn } = require('node:child_process');
       const child = spawn('sleep', ['600'], { stdio: ['ignore', 'inherit', 'ignore'] });
       process.stdout.write('${KEY}'); child.unref();`,
      /within 1500 ms/,
    ],
  ];
  for (const [what, code, message] of wrong) {
    it(`is refused when it ${what}, and nothing it has said is told`, async () => {
      const noisy = `process.stderr.write('${KEY}');${code}`;
      const thrown = await program(noisy)
        .read()
        .then(
          () => assert.fail('it was not refused'),
          (error: unknown) => error,
        );
      assert.match(String(thrown), message);
      assert.ok(!inspect(thrown, { depth: 9, showHidden: true }).includes('k3y'));
    });
  }

  it('is refused when it is not there', async () => {
    const missing = kekCommand({ argv: ['/nowhere/kek'], env: {}, clock: systemClock });
    await assert.rejects(missing.read(), /ENOENT/);
  });
});

function program(code: string, ...args: readonly string[]) {
  const argv = [process.execPath, '-e', code, ...args];
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };
  return kekCommand({ argv, env, clock: systemClock, timeoutMs: 1_500 });
}
