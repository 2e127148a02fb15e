import assert from 'node:assert/strict';
import { createDigester } from './digester.js';

const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const PLACE = ['cln_1', 'APP', 'TOKEN'];

describe('a digester', () => {
  const digest = createDigester([one, other]);

  it('names a value alike each time', () => {
    assert.match(digest(PLACE, 'secret'), /^[0-9a-f]{64}$/);
    assert.equal(digest(PLACE, 'secret'), createDigester([one])(PLACE, 'secret'));
  });

  it('names it otherwise for another value, place or key', () => {
    const names = [
      digest(PLACE, 'secret'),
      digest(PLACE, 'secret '),
      digest(['cln_2', 'APP', 'TOKEN'], 'secret'),
      digest(['cln_1', 'ENVIRONMENT', 'TOKEN'], 'secret'),
      digest(['cln_1', 'APP', 'TOKENs'], 'ecret'),
      digest(['cln_1', 'APP"', 'TOKEN'], 'secret'),
      digest(PLACE, ''),
      createDigester([other])(PLACE, 'secret'),
    ];
    assert.equal(new Set(names).size, names.length);
  });

  it('needs a key', () => {
    assert.throws(() => createDigester([]), /needs a key/);
  });
});
