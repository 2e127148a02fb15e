// Goal: whatever comes as a note, a key or a checkpoint, it is read as it was written or not at all,
// and in no more time than it is long. Nothing is thrown: files and logs of others are read.
// Method: good ones changed by seeded dice, and noise of the characters they are made of.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { below, mutated, oneOf, randomBytes, seeded } from '@ramet/test/random';
import { parseCheckpoint, printCheckpoint } from './checkpoint.js';
import { nodeHash } from './hash.js';
import { noteKey, openNote, parseNoteKey, printNoteKey, signNote } from './note.js';
import { verifyConsistency, verifyInclusion } from './verify.js';

const ROUNDS = 3_000;
const LATE_MS = 500;
const CHECKPOINT = {
  origin: 'ramet.dev/keys/user/usr_1',
  size: 12,
  root: Buffer.alloc(32, 7),
  time: new Date('2026-11-29T01:02:03.004Z'),
};
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const KEY = noteKey('ramet.dev/test', publicKey);
const NOTE = signNote(printCheckpoint(CHECKPOINT), [{ ...KEY, privateKey }]);

describe('a note that comes from anywhere', () => {
  it('is opened as it was signed, or not at all', () => {
    const random = seeded(6_962);
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = mutated(random, Buffer.from(NOTE)).toString();
      const text = openNote(other, [KEY]);
      if (text !== undefined) assert.equal(text, printCheckpoint(CHECKPOINT));
    }
  });

  it('has a checkpoint as it was written, or none', () => {
    const random = seeded(13);
    const written = Buffer.from(printCheckpoint(CHECKPOINT));
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = mutated(random, written).toString('latin1');
      const read = parseCheckpoint(other);
      if (read) assert.equal(printCheckpoint(read), other);
    }
    for (const size of ['9007199254740992', '9'.repeat(400), '-1', '00', '1e3', '']) {
      const text = printCheckpoint(CHECKPOINT).replace('\n12\n', `\n${size}\n`);
      assert.equal(parseCheckpoint(text), undefined, size);
    }
    for (const time of ['9999999-01-01T00:00:00.000Z', '2026-13-01T00:00:00.000Z', 'T', '1']) {
      const text = printCheckpoint(CHECKPOINT).replace(/time .*/, `time ${time}`);
      assert.equal(parseCheckpoint(text), undefined, time);
    }
  });

  it('is signed with a key that is read as it was written, or is none', () => {
    const random = seeded(32);
    const line = printNoteKey(KEY);
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = mutated(random, Buffer.from(line)).toString('latin1');
      const read = parseNoteKey(other);
      if (read) assert.equal(printNoteKey(read), other);
    }
    for (const name of ['\u0001', '\u0000a', 'a\u0085', '\u009f', 'a b', 'a+b']) {
      assert.equal(parseNoteKey(line.replace('ramet.dev/test', name)), undefined, name);
    }
  });

  it('takes no longer for its length, whatever it is made of', () => {
    for (const piece of ['\n', '\n\n', 'a', '— ', '— a AAAA\n', '\ud800', '\0', '+', '+0', '=']) {
      const text = piece.repeat(100_000 / piece.length);
      const start = performance.now();
      assert.equal(openNote(text, [KEY]), undefined);
      assert.equal(openNote(`${text}\n\n${text}`, [KEY]), undefined);
      assert.equal(openNote(`a\n\n${text}\n`, [KEY]), undefined);
      assert.equal(parseCheckpoint(text), undefined);
      assert.equal(parseNoteKey(text), undefined);
      const ms = performance.now() - start;
      assert.ok(ms < LATE_MS, `${JSON.stringify(piece)} took ${ms} ms`);
    }
  });
});

describe('a proof that comes from anywhere', () => {
  it('proves what it shows of trees of any size', () => {
    const [left, a, b] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));
    assert.ok(left && a && b);
    const claim = { firstRoot: nodeHash(left, a), root: nodeHash(left, nodeHash(a, b)) };
    for (const exponent of [1, 20, 40, 48, 52]) {
      const [firstSize, size] = [2 ** exponent + 1, 2 ** exponent + 2];
      assert.ok(verifyConsistency({ ...claim, firstSize, size, proof: [a, b, left] }));
    }
  });

  it('proves nothing by chance, and ends', () => {
    const random = seeded(6_963);
    const sizes = [0, 1, 2, 3, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -1, 0.5, Number.NaN];
    for (let round = 0; round < ROUNDS; round += 1) {
      const hash = () => randomBytes(random, oneOf(random, [32, 32, 32, 0, 31, 33]));
      const proof = Array.from({ length: below(random, 70) }, hash);
      const [index, size] = [oneOf(random, sizes), oneOf(random, sizes)];
      const root = hash();
      assert.ok(!verifyInclusion({ leaf: hash(), index, size, root, proof }));
      const claim = { firstSize: index, firstRoot: hash(), size, root, proof };
      // Every log has grown from the empty one.
      if (index !== 0) assert.ok(!verifyConsistency(claim));
    }
  });
});
