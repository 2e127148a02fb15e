import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ResultKind } from '@ramet/proto-gen/lifecycle.v1';
import type { Logger } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import { isAway, isOver, type Mesh, reasonOf } from '../mesh.js';
import type { FoundOutputs, Output } from './find-outputs.js';

/** What sending results takes. */
export interface SendNeeds {
  readonly mesh: Pick<Mesh, 'upload'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when nobody wants them any more, or time is up. */
  readonly signal: AbortSignal;
}

/** Something to send. Its pieces can be asked for as often as it takes. */
interface Sendable {
  readonly name: string;
  readonly kind: ResultKind;
  readonly sizeBytes: number;
  readonly sha256: Buffer;
  chunks(): AsyncIterable<Buffer>;
}

const PIECE_BYTES = 128 * 1024;
const RETRY_MS = 1_000;
/** How often one result is tried again after an answer that is neither a refusal nor an absence. */
const TRIES = 3;
/** After so many refusals no more is tried. */
const REFUSALS = 100;

/**
 * Sends a log and outputs to lifecycle. Returns what has kept results from arriving, for people to
 * read; empty if all did. Nothing may write to them any more.
 *
 * Throws what lifecycle answered if it is over for this execution: then nobody wants any of them.
 */
export async function sendResults(
  {
    folder,
    found,
    log,
  }: { readonly folder: string; readonly found: FoundOutputs; readonly log: Buffer },
  needs: SendNeeds,
): Promise<string> {
  const problems: string[] = [...found.skipped];
  let count = found.skippedCount;
  const note = (name: string, error: unknown): void => {
    if (isOver(error)) throw error;
    count += 1;
    problems.push(`${JSON.stringify(name)} ${wordsOf(error, needs.signal)}`);
  };
  await send(logToSend(log), needs).catch((error) => note('log', error));
  let refusals = 0;
  for (const output of found.outputs) {
    if (refusals === REFUSALS) {
      note(output.name, new Unsent('was not tried after so many refusals'));
      break;
    }
    await sendOutput(folder, output, needs).catch((error) => {
      refusals += 1;
      note(output.name, error);
    });
    if (needs.signal.aborted) break;
  }
  if (needs.signal.aborted && count === 0) note('the rest', new Unsent('was not sent in time'));
  return summary(problems, count);
}

/** Something that is not sent for a reason that its owner may read. */
class Unsent extends Error {
  override readonly name = 'Unsent';
}

async function sendOutput(folder: string, output: Output, needs: SendNeeds): Promise<void> {
  const { name, inode, sizeBytes } = output;
  await using file = await open(
    join(folder, name),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  const stats = await file.stat();
  if (!stats.isFile() || stats.ino !== inode.ino || stats.dev !== inode.dev) {
    throw new Unsent('is not the file that it was');
  }
  const sha256 = await hashOf(file, needs.signal);
  const chunks = () => piecesOf(file);
  await send({ name, kind: ResultKind.OUTPUT, sizeBytes, sha256, chunks }, needs);
}

/** Sends one result, however often lifecycle is away. */
async function send(what: Sendable, { mesh, clock, logger, signal }: SendNeeds): Promise<void> {
  const { chunks, ...header } = what;
  for (let failures = 0; ; ) {
    if (signal.aborted) throw new Unsent('was not sent in time');
    try {
      await mesh.upload(header, chunks(), signal);
      return;
    } catch (error) {
      if (!isAway(error)) failures += 1;
      if (isOver(error) || failures === TRIES || isRefused(error)) throw error;
      logger.warn('a result could not be sent yet', { error: String(error) });
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

function isRefused(error: unknown): boolean {
  return reasonOf(error) !== '' && !isAway(error);
}

function logToSend(log: Buffer): Sendable {
  const sha256 = createHash('sha256').update(log).digest();
  return {
    name: 'log',
    kind: ResultKind.LOG,
    sizeBytes: log.length,
    sha256,
    async *chunks() {
      for (let from = 0; from < log.length; from += PIECE_BYTES) {
        yield log.subarray(from, from + PIECE_BYTES);
      }
    },
  };
}

async function hashOf(file: FileHandle, signal: AbortSignal): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const piece of piecesOf(file)) {
    if (signal.aborted) throw new Unsent('was not sent in time');
    hash.update(piece);
  }
  return hash.digest();
}

async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    // A new one each time: what was yielded may still be on its way.
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(PIECE_BYTES),
      0,
      PIECE_BYTES,
      position,
    );
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function wordsOf(error: unknown, signal: AbortSignal): string {
  if (error instanceof Unsent) return error.message;
  if (signal.aborted) return 'was not sent in time';
  const reason = reasonOf(error);
  if (reason !== '') return `was refused: ${reason}`;
  return `could not be sent: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`;
}

const PROBLEM_BYTES = 1_024;

/** As many of the problems as fit, and how many there are. */
function summary(problems: readonly string[], count: number): string {
  if (count === 0) return '';
  let text = count === 1 ? '1 result is missing' : `${count} results are missing`;
  for (const [index, problem] of problems.entries()) {
    const longer = `${text}${index === 0 ? ': ' : '; '}${problem}`;
    if (Buffer.byteLength(longer) > PROBLEM_BYTES) return text;
    text = longer;
  }
  return text;
}
