import type { Command } from 'commander';
import { configPath, readConfig } from './connection/config-file.js';
import { findMesh, readMesh } from './connection/mesh-file.js';
import { Session } from './connection/session.js';
import { chooseTarget, type GlobalOptions, type Target } from './connection/target.js';
import { Output } from './output.js';
import { parseMilliseconds } from './parse/duration.js';
import { jsonWriter } from './print/json.js';
import { UsageError } from './usage-error.js';
import type { World } from './world.js';

/** What a command may use. */
export interface Context {
  readonly world: World;
  readonly out: Output;
  readonly session: Session;
  readonly target: Target;
  readonly options: GlobalOptions;
  /** How long the command may wait for one answer, or with `--wait` altogether. */
  readonly timeoutMs: number | undefined;
}

/** What a command does with its arguments and its own options. */
type Action<Options> = (
  context: Context,
  args: readonly string[],
  options: Options,
) => Promise<void>;

/** Makes an action fit for commander. */
export type Act = <Options>(action: Action<Options>) => (...given: unknown[]) => Promise<void>;

const CALL_TIMEOUT_MS = 20_000;

/** Makes the wrapper that gives each action its context, and closes what it opened. */
export function actIn(world: World): Act {
  return (action) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<GlobalOptions>();
      const timeoutMs =
        options.timeout === undefined ? undefined : parseMilliseconds(options.timeout);
      if (timeoutMs === 0) throw new UsageError('--timeout is more than nothing');
      const target = await targetFor(world, options);
      const { clock, signal } = world;
      await using session = new Session({
        target,
        configFile: configPath(world),
        clock,
        signal,
        timeoutMs: timeoutMs ?? CALL_TIMEOUT_MS,
      });
      const out = new Output(world, options.json ?? false, jsonWriter());
      const context = { world, out, session, target, options, timeoutMs };
      // What the options are says the command that declares them, beside the action.
      await action(context, command.args, command.opts() as never);
    };
}

async function targetFor(world: World, options: GlobalOptions): Promise<Target> {
  const config = await readConfig(configPath(world));
  const meshFile = findMesh(world.folder);
  return chooseTarget({ options, env: world.env, config, meshFile, readMesh });
}
