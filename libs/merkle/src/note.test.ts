// Goal: notes and checkpoints are those of C2SP, and what was not signed is never read from one.
// Method: the published note of golang.org/x/mod/sumdb/note (its package documentation), and notes
// of our own with every byte changed.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { parseCheckpoint, printCheckpoint } from './checkpoint.js';
import { EMPTY_ROOT } from './hash.js';
import { noteKey, openNote, parseNoteKey, printNoteKey, signNote } from './note.js';

const KNOWN_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const KNOWN_TEXT =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n";
const KNOWN_NOTE =
  `${KNOWN_TEXT}\n— PeterNeumann ` +
  'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const SIGNER = signerOf('ramet.dev/test');
const CHECKPOINT = {
  origin: 'ramet.dev/keys/user/usr_1',
  size: 12,
  root: EMPTY_ROOT,
  time: new Date('2026-11-29T01:02:03.004Z'),
};

describe('a note', () => {
  it('of others is opened with their key', () => {
    const key = parseNoteKey(KNOWN_KEY);
    assert.ok(key);
    assert.equal(printNoteKey(key), KNOWN_KEY);
    assert.equal(openNote(KNOWN_NOTE, [key]), KNOWN_TEXT);
  });

  it('is not opened once any of its bytes has changed', () => {
    const note = signNote(printCheckpoint(CHECKPOINT), [SIGNER]);
    for (let at = 0; at < note.length; at += 1) {
      const other = `${note.slice(0, at)}${note[at] === 'x' ? 'y' : 'x'}${note.slice(at + 1)}`;
      assert.equal(openNote(other, [SIGNER.public]), undefined, `byte ${at}`);
    }
  });

  it('is opened by any one of its signatures, and by no other key', () => {
    const next = signerOf('ramet.dev/test');
    const note = signNote('text\n', [SIGNER, next]);

    assert.equal(openNote(note, [SIGNER.public]), 'text\n');
    assert.equal(openNote(note, [next.public]), 'text\n');
    assert.equal(openNote(note, [signerOf('ramet.dev/test').public]), undefined);
    assert.equal(openNote(note, [{ ...next.public, name: 'another' }]), undefined);
    assert.equal(openNote(note, []), undefined);
  });

  it('T14: has no control characters, whoever asks for it', () => {
    for (const text of ['no end', 'a\rb\n', 'a\0b\n', 'a\u0085b\n', '\ud800\n', '']) {
      assert.throws(() => signNote(text, [SIGNER]), /control characters/);
    }
    assert.throws(() => noteKey('a name', SIGNER.public.key));
    assert.throws(() => noteKey('a\nname', SIGNER.public.key));
  });

  it('takes no line for a key that is not what its id says', () => {
    const flipped = KNOWN_KEY.replace('c74f', 'c74e');
    for (const line of [flipped, '', 'a+b+c', `${KNOWN_KEY}A`, 'x+00000000+AQ==']) {
      assert.equal(parseNoteKey(line), undefined, line);
    }
  });
});

describe('a checkpoint', () => {
  it('is read as it was written', () => {
    assert.deepEqual(parseCheckpoint(printCheckpoint(CHECKPOINT)), CHECKPOINT);
  });

  const text = printCheckpoint(CHECKPOINT);
  for (const other of [
    text.replace('\n12\n', '\n012\n'),
    text.replace('\n12\n', '\n-1\n'),
    text.replace('\n12\n', '\n9007199254740993\n'),
    text.replace('.004Z', '.0040Z'),
    text.replace('2026', 'long ago'),
    text.replace('time ', 'at '),
    text.replace('=\n', '\n'),
    `${text}more\n`,
    text.slice(0, -1),
    '',
  ]) {
    it(`is not read from ${JSON.stringify(other)}`, () => {
      assert.equal(parseCheckpoint(other), undefined);
    });
  }
});

function signerOf(name: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = noteKey(name, publicKey);
  return { name, id: key.id, privateKey, public: key };
}
