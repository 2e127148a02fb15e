import type { Cause } from '../exit-record.js';
import { isAway, isOver, reasonOf } from '../mesh.js';
import type { Running } from '../run-workload.js';
import type { Ending } from '../supervise.js';
import { fetchInputs } from './fetch-inputs.js';
import { InputError } from './input-error.js';

const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** How long until a result begins to come, and between two pieces of it. */
const PIECE_MS = 30_000;

/**
 * Fetches the clone's inputs, in this process: no program of anybody's runs.
 *
 * A failure is told like a workload's own: exit code 1, and a last word that names the input.
 */
export async function runInputs(running: Running): Promise<Ending> {
  const { config, clock, reports, logs, onStart } = running;
  const stop = new AbortController();
  let cause: Cause | undefined;
  const end = (why: Cause) => {
    cause ??= why;
    stop.abort();
  };
  const timeLimitMs = Math.min(config.limits.timeLimitMs ?? LONGEST_TIMER_MS, LONGEST_TIMER_MS);
  const cancel = clock.after(timeLimitMs, () => end('TIMED_OUT'));
  await onStart(end);
  const say = (line: string) => logs.append('stdout', Buffer.from(`${line}\n`));
  try {
    const bytes = await fetchAll(running, stop.signal, say);
    const message = `fetched ${config.setup.inputs.length} inputs`;
    const metrics = [{ name: 'bytes', value: bytes, unit: 'B' }];
    reports.complete({ success: true, message, metrics });
    return { exit: { exitCode: 0 }, cause };
  } catch (error) {
    if (cause) return { exit: {}, cause };
    const message = error instanceof InputError ? error.message : 'inputs could not be fetched';
    if (!(error instanceof InputError)) running.logger.error(message, { error: String(error) });
    await logs.append('stderr', Buffer.from(`${message}\n`));
    reports.complete({ success: false, message, metrics: [] });
    return { exit: { exitCode: 1 }, cause };
  } finally {
    cancel();
  }
}

function fetchAll(
  { config, storage, secrets, reports, clock, mesh }: Running,
  signal: AbortSignal,
  log: (line: string) => Promise<void>,
): Promise<number> {
  return fetchInputs(config.setup.inputs, {
    ...{ secrets, clock, signal, log },
    folder: storage.inputs,
    allowPrivate: config.inputsAllowPrivate,
    limitBytes: config.limits.storageBytes ?? Number.MAX_SAFE_INTEGER,
    fetchResult: (name, until) => resultOf({ mesh, clock }, name, until),
    onProgress: (progress) => reports.setProgress(progress),
  });
}

/** A result of another clone, by way of lifecycle. */
async function* resultOf(
  { mesh, clock }: Pick<Running, 'mesh' | 'clock'>,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (!mesh) throw new InputError('there is no mesh to ask');
  const stop = new AbortController();
  const end = () => stop.abort();
  signal.addEventListener('abort', end, { once: true });
  let cancel = clock.after(PIECE_MS, end);
  try {
    for await (const piece of mesh.fetchInput(name, stop.signal)) {
      cancel();
      yield piece;
      cancel = clock.after(PIECE_MS, end);
    }
  } catch (error) {
    const reason = reasonOf(error);
    if (reason !== '' && !isAway(error)) throw new InputError(`was refused: ${reason}`);
    throw new InputError('lifecycle is away', { mayPass: !isOver(error), cause: error });
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
  }
}
