import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { UsageError } from '../usage-error.js';
import { resultPath } from './result-path.js';

const PATHS: readonly (readonly [name: string, path: readonly string[]])[] = [
  ['run/out.csv', ['run', 'out.csv']],
  ['run/a/b c/ä.txt', ['run', 'a', 'b c', 'ä.txt']],
  ['/etc/passwd', ['etc', 'passwd']],
  ['run//out', ['run', 'out']],
  ['run/../../etc', ['run', '__', '__', 'etc']],
  ['.', ['_']],
  ['run/.hidden', ['run', '.hidden']],
  ['run/...', ['run', '___']],
  ['run/a\\..\\b', ['run', 'a_.._b']],
  ['C:/x', ['C_', 'x']],
  ['run/a\u0000b\n\u001b[2J\u202e', ['run', 'a_b__[2J_']],
  ['run/name. ', ['run', 'name__']],
  [`run/${'é'.repeat(300)}`, ['run', 'é'.repeat(100)]],
];

const PIECES = ['..', '.', '/', '\\', 'a', '\u0000', '\u202e', 'C:', ' ', '~', 'ü', '...', '🚀'];
const ROUNDS = 5_000;

describe('resultPath', () => {
  for (const [name, path] of PATHS) {
    it(`makes ${JSON.stringify(path.join(' / ').slice(0, 60))} of ${JSON.stringify(name.slice(0, 40))}`, () => {
      assert.deepEqual(resultPath(name), path);
    });
  }

  it('refuses a name that has nothing in it', () => {
    assert.throws(() => resultPath(''), UsageError);
    assert.throws(() => resultPath('///'), UsageError);
  });

  it('never leads out of the folder, whatever the name', () => {
    let state = 7;
    for (let round = 0; round < ROUNDS; round += 1) {
      let name = 'x';
      for (let piece = 0; piece < 8; piece += 1) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
        name += PIECES[(state >>> 8) % PIECES.length];
      }
      const path = resultPath(name);
      const reached = relative('/a/folder', join('/a/folder', ...path));
      assert.equal(reached, path.join('/'), JSON.stringify(name));
      assert.doesNotMatch(reached, /(^|\/)\.\.?(\/|$)|[\\\0]/, JSON.stringify(name));
    }
  });
});
