import assert from 'node:assert/strict';
import { type Program, type Source, setProgram, sizeOf } from './source.js';

const BUNDLE: Program = { kind: 'process', bundle: 'bot', command: ['node', 'bot.mjs'] };
const IMAGE: Program = { kind: 'image', repository: 'acme/bot', command: [] };

/** Programs of which no two are the same. */
const PROGRAMS: readonly Program[] = [
  BUNDLE,
  { ...BUNDLE, bundle: 'other' },
  { ...BUNDLE, tag: 'v1' },
  { ...BUNDLE, tag: 'v2' },
  { ...BUNDLE, command: ['node'] },
  { ...BUNDLE, command: ['node', 'bot.mjs', ''] },
  { ...BUNDLE, tag: 'node', command: ['bot.mjs'] },
  IMAGE,
  { ...IMAGE, repository: 'bot' },
  { ...IMAGE, tag: 'v1' },
  { ...IMAGE, digest: 'v1' },
  { ...IMAGE, tag: 'v1', digest: 'v1' },
  { ...IMAGE, command: ['v1'] },
];

describe('setProgram', () => {
  it('counts a change of anything in a program, and of nothing else', () => {
    for (const [place, program] of PROGRAMS.entries()) {
      const source: Source = { program, revision: 7 };
      assert.equal(setProgram(source, structuredClone(program)), source);
      for (const [otherPlace, other] of PROGRAMS.entries()) {
        if (place === otherPlace) continue;
        assert.deepEqual(setProgram(source, other), { program: other, revision: 8 });
      }
    }
  });

  it('starts at one', () => {
    assert.deepEqual(setProgram(null, IMAGE), { program: IMAGE, revision: 1 });
  });
});

describe('sizeOf', () => {
  it('counts the characters of all that a program consists of', () => {
    assert.equal(sizeOf(BUNDLE), 14);
    assert.equal(sizeOf({ ...BUNDLE, tag: 'v1' }), 16);
    assert.equal(sizeOf({ ...IMAGE, tag: 'v1', digest: 'sha256:0', command: ['run'] }), 21);
  });
});
