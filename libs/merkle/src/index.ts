export { type Checkpoint, parseCheckpoint, printCheckpoint } from './checkpoint.js';
export { EMPTY, type Frontier, type Grown, grow, type HashedNode, rootOf } from './frontier.js';
export { HASH_BYTES, leafHash } from './hash.js';
export {
  type NoteKey,
  type NoteSigner,
  noteKey,
  openNote,
  parseNoteKey,
  printNoteKey,
  signNote,
} from './note.js';
export { hashRanges, type ReadNodes } from './prove.js';
export { consistencyRanges, inclusionRanges, type Node, type Range } from './shape.js';
export { type Consistency, type Inclusion, verifyConsistency, verifyInclusion } from './verify.js';
