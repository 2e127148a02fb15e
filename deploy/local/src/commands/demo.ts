import { rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Clock, systemClock } from '@ramet/service';
import { makeCredentials } from '../bootstrap.js';
import { cloneJson, outcomeJson } from '../demo/clone-json.js';
import { startExchange } from '../demo/exchange.js';
import { tellFailure } from '../demo/failure.js';
import { removeLeftovers } from '../demo/leftovers.js';
import { type Report, reportSteps } from '../demo/report.js';
import { SpanReader } from '../demo/spans.js';
import { type Told, tellStory } from '../demo/story.js';
import { ToldSteps } from '../demo/told-steps.js';
import { connectUser } from '../demo/user.js';
import { layoutOf } from '../layout.js';
import { type Mesh, startMesh } from '../mesh.js';
import type { CommandContext } from './context.js';
import { FLAGS, meshOptions } from './settings.js';

/** How long the services may take to write down what they did. */
const RECORDED_WITHIN_MS = 5_000;
const STORY_WITHIN_MS = 120_000;
const REPORT = { report: { type: 'string' } } as const;

/**
 * Runs the story of the main job on a mesh of its own and says what happened.
 *
 * Returns 0 only if every step is recorded by the service that did it, everything came out as it
 * has to, and nothing is left running.
 */
export async function demo(context: CommandContext): Promise<number> {
  const options = meshOptions(context, REPORT);
  const { values } = parseArgs({ args: [...context.args], options: { ...FLAGS, ...REPORT } });
  const file = typeof values.report === 'string' ? values.report : undefined;
  // What an earlier demo reported is not to be taken for the report of this one.
  if (file !== undefined) rmSync(file, { force: true });

  const since = systemClock.now();
  const asked = context.untilAsked();
  try {
    context.say('starting the mesh');
    await using mesh = await startMesh({
      ...options,
      onUnasked: (name) => context.complain(`${name} ended unasked and is started again`),
    });
    const report = await runStory(context, mesh, asked);
    context.say('stopping the mesh');
    const left = await mesh.stop();
    if (left.length > 0) {
      const told = left.map(({ pid, commandLine }) => `${pid} ${commandLine}`);
      throw new Error(`these processes were left running, and had to be killed: ${told.join()}`);
    }
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, plain, 2)}\n`);
  } catch (thrown) {
    for (const line of tellFailure(thrown, layoutOf(options.stateDir), since)) {
      context.complain(line);
    }
    return 1;
  }
  context.say('the demo went well: nothing is left running');
  return 0;
}

async function runStory(
  { env, say }: CommandContext,
  mesh: Mesh,
  asked: Promise<unknown>,
): Promise<Report> {
  const clock = systemClock;
  const { layout, endpoints } = mesh;
  const { user: keyFile } = await makeCredentials(layout, endpoints.teams.address);
  await using exchange = await startExchange({ layout, clock, env });
  await using user = await connectUser(mesh, keyFile, clock);
  const ends = [
    asked.then(() => 'the demo was asked to stop'),
    exchange.ended.then(() => 'the paper exchange has ended'),
  ];
  return await inTime(clock, ends, async (signal) => {
    await removeLeftovers({ user, clock, signal, say });
    const since = clock.now();
    const { traces } = layout;
    const records = new SpanReader(traces, since);
    await using steps = new ToldSteps({ traces, clock, since, say });
    const told = await tellStory({ user, exchange, clock, signal, say });
    await steps.complete(RECORDED_WITHIN_MS);
    return makeReport(records, told);
  });
}

/** Makes the report out of the books of the services alone. */
function makeReport(records: SpanReader, { history, signatures }: Told): Report {
  const last = history.at(-1)?.clone;
  if (!last?.execution) throw new Error('the history of the clone has no execution');
  const workload = `workload:${last.execution.id}`;
  const ours = records.read().filter(({ attributes }) => {
    const caller = String(attributes['ramet.caller'] ?? '');
    return caller === workload || !caller.startsWith('workload:');
  });
  return {
    steps: reportSteps(ours),
    clone: cloneJson(last),
    signatures: signatures.length,
    outcome: outcomeJson(last.execution),
  };
}

/** Runs an action until its time is over, or one of the `ends` says why it has to end. */
async function inTime<Result>(
  clock: Clock,
  ends: readonly Promise<string>[],
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const cancel = clock.after(STORY_WITHIN_MS, () => over.abort(new Error('it takes too long')));
  void Promise.race(ends).then((why) => over.abort(new Error(why)));
  const ended = new Promise<never>((_, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason));
  });
  try {
    return await Promise.race([action(over.signal), ended]);
  } finally {
    cancel();
    over.abort();
  }
}

/** JSON has no whole numbers of 64 bits: they are told as strings, as protobuf's own JSON does. */
function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
