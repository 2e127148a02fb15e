import { HASH_BYTES } from './hash.js';

/** What a log says of itself at one time: which log, how many records, their root, and when. */
export interface Checkpoint {
  /** Names the log, for ever and everywhere. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly time: Date;
}

/** Writes a checkpoint as the text to be signed, as C2SP tlog-checkpoint has it. */
export function printCheckpoint({ origin, size, root, time }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\ntime ${time.toISOString()}\n`;
}

/** Reads a checkpoint from the text of a note, or undefined if it is none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin = '', digits = '', encoded = '', moment = ''] = LINES.exec(text) ?? [];
  const checkpoint: Checkpoint = {
    origin,
    size: Number(digits),
    root: Buffer.from(encoded, 'base64'),
    time: new Date(moment),
  };
  const isTime = !Number.isNaN(checkpoint.time.getTime());
  const isWhole = Number.isSafeInteger(checkpoint.size) && checkpoint.root.length === HASH_BYTES;
  // There is one way to write each: nothing that is read differently from what was signed.
  return isTime && isWhole && printCheckpoint(checkpoint) === text ? checkpoint : undefined;
}

const LINES = /^([^\n]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]+=)\ntime ([0-9TZ:.-]+)\n$/;
