import {
  type Checkpoint,
  leafHash,
  type NoteKey,
  openNote,
  parseCheckpoint,
  parseNoteKey,
  verifyConsistency,
  verifyInclusion,
} from '@ramet/merkle';
import { LogEntry } from '@ramet/proto-gen/keys.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import { FailedError, UsageError } from '../../usage-error.js';
import type { ProofFile } from './file.js';

/** What a file was found to prove. */
export interface Proven {
  /** The newest head in it. */
  readonly head: Checkpoint;
  /** Of a receipt: the entry, and its place in the log. */
  readonly entry?: { readonly index: number; readonly entry: LogEntry };
  /** Of a proof of consistency: the head that the log has grown from. */
  readonly first?: Checkpoint;
}

/** Reads the keys of logs, one a line. Throws UsageError for a line that is none. */
export function parseLogKeys(text: string): readonly NoteKey[] {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const key = parseNoteKey(line);
      if (!key) throw new UsageError(`not a log key: ${line}`);
      return key;
    });
  if (keys.length === 0) throw new UsageError('the file has no log key');
  return keys;
}

/** Tells what a file proves, given nothing but keys. Throws FailedError if it does not. */
export function verifyProof(file: ProofFile, keys: readonly NoteKey[]): Proven {
  switch (file.kind) {
    case 'head':
      return { head: headOf(file.note, keys) };
    case 'receipt':
      return verifyReceipt(file, keys);
    case 'consistency':
      return verifyGrowth(file, keys);
  }
}

function verifyReceipt(
  { entry: bytes, index, proof, head: note }: Extract<ProofFile, { kind: 'receipt' }>,
  keys: readonly NoteKey[],
): Proven {
  const head = headOf(note, keys);
  const { size, root } = head;
  if (!verifyInclusion({ leaf: leafHash(bytes), index, size, root, proof })) {
    throw new FailedError('the entry is not in the log of the head');
  }
  const entry = entryIn(bytes);
  if (!head.origin.endsWith(`/${nameOf(entry.owner)}`)) {
    throw new FailedError('the entry is of another log than the head');
  }
  return { head, entry: { index, entry } };
}

function entryIn(bytes: Buffer): LogEntry {
  try {
    return LogEntry.decode(bytes);
  } catch {
    throw new FailedError('the entry is in the log, but is none that this command knows');
  }
}

function verifyGrowth(
  { first: firstNote, second, proof }: Extract<ProofFile, { kind: 'consistency' }>,
  keys: readonly NoteKey[],
): Proven {
  const [first, head] = [headOf(firstNote, keys), headOf(second, keys)];
  if (first.origin !== head.origin) throw new FailedError('the heads are of two logs');
  const claim = { firstSize: first.size, firstRoot: first.root, size: head.size, root: head.root };
  if (!verifyConsistency({ ...claim, proof })) {
    throw new FailedError('the log of the second head did not grow from that of the first');
  }
  return { first, head };
}

function headOf(note: string, keys: readonly NoteKey[]): Checkpoint {
  const text = openNote(note, keys);
  if (text === undefined) throw new FailedError('the head was not signed with any of the keys');
  const head = parseCheckpoint(text);
  if (!head) throw new FailedError('what was signed is not a head');
  return head;
}

function nameOf(owner: Owner | undefined): string {
  const { $case, value } = owner?.owner ?? {};
  if (value === undefined) return 'mesh';
  return `${$case === 'userId' ? 'user' : 'team'}/${value}`;
}
