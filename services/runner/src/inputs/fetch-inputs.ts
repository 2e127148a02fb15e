import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import type { InputSpec, Secrets } from '../setup.js';
import { download, shown } from './download.js';
import { InputError } from './input-error.js';
import { type StoredInput, storeInput } from './store-input.js';

/** What fetching takes. */
export interface FetchNeeds {
  readonly folder: string;
  readonly secrets: Secrets;
  readonly allowPrivate: boolean;
  /** How much all of them may be together. */
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Streams a result of another clone. Throws an InputError. */
  readonly fetchResult: (name: string, signal: AbortSignal) => AsyncIterable<Buffer>;
  readonly log: (line: string) => Promise<void>;
  readonly onProgress: (progress: Progress) => void;
}

const TRIES = 5;
const FIRST_PAUSE_MS = 500;
const TELL_MS = 1_000;

/**
 * Fetches inputs into their folder, one after the other; what else is in it is removed.
 *
 * Throws an InputError that names the input which could not be had. Whoever comes next finds the
 * inputs before it. Returns how many bytes they are.
 */
export async function fetchInputs(
  inputs: readonly InputSpec[],
  needs: FetchNeeds,
): Promise<number> {
  const { folder, log, onProgress } = needs;
  let total = 0;
  await chmod(folder, 0o755);
  try {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    for (const [index, input] of inputs.entries()) {
      onProgress(progressOf(index, inputs.length, total));
      const tell = (bytes: number) => onProgress(progressOf(index, inputs.length, total + bytes));
      const { bytes, sha256 } = await fetchOne(input, { ...needs, tell }, total);
      total += bytes;
      await log(`fetched ${input.name} from ${originOf(input)}: ${bytes} bytes, sha256 ${sha256}`);
    }
    onProgress(progressOf(inputs.length, inputs.length, total));
    return total;
  } finally {
    await chmod(folder, 0o555);
  }
}

interface FetchingOne extends FetchNeeds {
  /** Told now and then of how much has come. */
  readonly tell: (bytes: number) => void;
}

async function fetchOne(
  input: InputSpec,
  needs: FetchingOne,
  before: number,
): Promise<StoredInput> {
  const { folder, clock, signal, log, limitBytes } = needs;
  const limit = Math.min(input.maxBytes, limitBytes - before);
  for (let tries = 1; ; tries += 1) {
    try {
      return await storeInput(folder, input, { chunks: counted(input, needs), limit });
    } catch (error) {
      if (signal.aborted) throw new InputError(`${input.name}: stopped`);
      const failure = failureOf(error);
      if (!failure.mayPass || tries === TRIES) {
        throw new InputError(`${input.name}: ${failure.message}`, { cause: error });
      }
      await log(`${input.name}: ${failure.message}; trying again`);
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), signal);
    }
  }
}

/** An input that takes long is seen to come. */
async function* counted(input: InputSpec, needs: FetchingOne): AsyncGenerator<Buffer> {
  const { clock, tell } = needs;
  let [bytes, told] = [0, clock.elapsed()];
  for await (const chunk of chunksOf(input, needs)) {
    yield chunk;
    bytes += chunk.length;
    if (clock.elapsed() - told < TELL_MS) continue;
    told = clock.elapsed();
    tell(bytes);
  }
}

function chunksOf({ name, from }: InputSpec, needs: FetchNeeds): AsyncIterable<Buffer> {
  const { secrets, allowPrivate, clock, signal, fetchResult } = needs;
  if (from.kind === 'result') return fetchResult(name, signal);
  const whole = secrets.inputs.find((each) => each.name === name)?.url ?? from.url;
  return download(whole, { allowPrivate, clock, signal });
}

/** Anything else than an InputError is told by its code alone: its text may name anything. */
function failureOf(error: unknown): InputError {
  if (error instanceof InputError) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new InputError(`could not be stored: ${code ?? 'unknown'}`, { cause: error });
}

function originOf({ from }: InputSpec): string {
  return from.kind === 'url' ? shown(from.url) : `${from.cloneId} ${JSON.stringify(from.name)}`;
}

function progressOf(done: number, count: number, bytes: number): Progress {
  return {
    sequence: 0n,
    fraction: count === 0 ? 1 : done / count,
    message: `${done} of ${count} inputs`,
    metrics: [{ name: 'bytes', value: bytes, unit: 'B' }],
    reportTime: undefined,
  };
}
