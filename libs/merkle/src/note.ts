import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** A key that notes are verified with. */
export interface NoteKey {
  /** Who signs with it, such as a domain: no spaces and no `+`. */
  readonly name: string;
  /** The first 4 bytes of a hash over name and key. */
  readonly id: string;
  readonly key: KeyObject;
}

/** A text, and by whom it was signed. */
interface SignedText {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Buffer;
}

const ED25519 = Buffer.of(1);
const ID_BYTES = 4;
const RAW_KEY_BYTES = 32;
const NAME = /^[^\s+\p{Cc}]+$/u;
const SIGNATURE = /^— ([^\s+\p{Cc}]+) ([A-Za-z0-9+/]+={0,2})$/u;
/** What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Makes the key that verifies what an Ed25519 key signs under a name. */
export function noteKey(name: string, publicKey: KeyObject): NoteKey {
  if (!NAME.test(name)) throw new Error(`not a name for a key: ${JSON.stringify(name)}`);
  return { name, id: idOf(name, rawOf(publicKey)), key: publicKey };
}

/** Writes a key as one line, `name+id+key`, as C2SP signed-note has it. */
export function printNoteKey({ name, id, key }: NoteKey): string {
  return `${name}+${id}+${Buffer.concat([ED25519, rawOf(key)]).toString('base64')}`;
}

/** Reads a key from its line, or undefined if it is none, or not what its id says. */
export function parseNoteKey(line: string): NoteKey | undefined {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  const isKey = bytes.length === 1 + RAW_KEY_BYTES && bytes.subarray(0, 1).equals(ED25519);
  if (!name || !NAME.test(name) || !id || !isKey) return undefined;
  const spki = Buffer.concat([SPKI, bytes.subarray(1)]);
  const key = noteKey(name, createPublicKey({ key: spki, format: 'der', type: 'spki' }));
  return printNoteKey(key) === line ? key : undefined;
}

/**
 * Signs a text, which ends its last line: the note is the text, an empty line, and a line for each
 * signature (C2SP signed-note).
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(text))
    throw new Error('a note has no control characters, and ends its last line');
  const lines = signers.map(({ name, id, privateKey }) => {
    const signature = sign(null, Buffer.from(text), privateKey);
    const bytes = Buffer.concat([Buffer.from(id, 'hex'), signature]);
    return `— ${name} ${bytes.toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** A key that notes are signed with. */
export interface NoteSigner extends Pick<NoteKey, 'name' | 'id'> {
  readonly privateKey: KeyObject;
}

/** The text of a note that one of the keys has signed, or undefined if none has. */
export function openNote(note: string, keys: readonly NoteKey[]): string | undefined {
  const signed = parseNote(note);
  if (!signed) return undefined;
  const bytes = Buffer.from(signed.text);
  const isSigned = signed.signatures.some(({ name, id, signature }) =>
    keys.some(
      (key) => key.name === name && key.id === id && verify(null, bytes, key.key, signature),
    ),
  );
  return isSigned ? signed.text : undefined;
}

/** Takes a note apart. Its last empty line ends the text. */
function parseNote(note: string): SignedText | undefined {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  if (end < 0 || !note.endsWith('\n') || !isNoteText(text)) return undefined;
  const signatures = note
    .slice(end + 2, -1)
    .split('\n')
    .map(signatureOf);
  return signatures.every((each) => each !== undefined) ? { text, signatures } : undefined;
}

function signatureOf(line: string): NoteSignature | undefined {
  const [, name, encoded] = SIGNATURE.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (!name || bytes.length <= ID_BYTES) return undefined;
  const id = bytes.subarray(0, ID_BYTES).toString('hex');
  return { name, id, signature: bytes.subarray(ID_BYTES) };
}

function isNoteText(text: string): boolean {
  return /^(?:[^\p{Cc}\p{Cs}]*\n)+$/u.test(text);
}

function idOf(name: string, raw: Buffer): string {
  const hash = createHash('sha256').update(`${name}\n`).update(ED25519).update(raw).digest();
  return hash.subarray(0, ID_BYTES).toString('hex');
}

function rawOf(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('notes are signed with Ed25519');
  return key.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
}
