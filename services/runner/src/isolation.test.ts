import assert from 'node:assert/strict';
import { isolated } from './isolation.js';

const WRAPPING = {
  limits: { processes: 8, openFiles: 16, fileBytes: 1_024 },
  runFolder: '/run/ramet/exe-e1',
  init: ['node', 'init.js'],
};

describe('isolated', () => {
  it('runs a command as a user of its own, without privileges', () => {
    const command = isolated(['bot', '-x'], {
      ...WRAPPING,
      isolation: { mode: 'user', uid: 200_001 },
    });

    const text = command.join(' ');
    assert.ok(text.startsWith('prlimit --core=0 --nproc=8 --nofile=16 --fsize=1024 -- setpriv '));
    assert.ok(text.includes('--reuid 200001 --regid 200001 --clear-groups --no-new-privs'));
    assert.ok(text.endsWith('--pdeathsig KILL -- bot -x'));
  });

  it('hides folders in a namespace before the command starts', () => {
    const isolation = { mode: 'namespace', hidden: ['/state', '/tmp'] } as const;

    const command = isolated(['bot'], { ...WRAPPING, isolation });

    assert.deepEqual(command.slice(0, 5), ['setpriv', '--pdeathsig', 'KILL', '--', 'unshare']);
    const folders = command.slice(command.indexOf('/run/ramet/exe-e1'));
    assert.deepEqual(folders.slice(0, 6), ['/run/ramet/exe-e1', '', '--', '/state', '/tmp', '--']);
    assert.deepEqual(command.slice(-4), ['--', 'node', 'init.js', 'bot']);
  });

  it('ties the life of the command to its runner in every mode', () => {
    for (const isolation of [
      { mode: 'user', uid: 200_001 },
      { mode: 'namespace', hidden: [] },
      { mode: 'shared' },
    ] as const) {
      const command = isolated(['bot'], { ...WRAPPING, isolation });
      assert.ok(command.join(' ').includes('--pdeathsig KILL'), isolation.mode);
    }
  });
});
