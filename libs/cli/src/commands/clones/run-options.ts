import { readFile } from 'node:fs/promises';
import {
  Limits,
  type OverrideChange,
  OverrideScope,
  type Parameter,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import { parseCpu } from '../../parse/cpu.js';
import { parseDuration } from '../../parse/duration.js';
import { overlay, type Pair, pairsOfJson, parsePairs } from '../../parse/pairs.js';
import { parseSize } from '../../parse/size.js';
import { UsageError } from '../../usage-error.js';
import type { World } from '../../world.js';
import { gather } from '../options.js';
import { readSecret } from '../secret.js';

/** The options that say what a clone runs with: the same when it is made and when it is changed. */
export interface RunOptions {
  readonly param?: readonly string[];
  readonly paramsFile?: string;
  readonly timeLimit?: string;
  readonly memory?: string;
  readonly grace?: string;
  readonly cpu?: string;
  readonly storage?: string;
  readonly override?: readonly string[];
  readonly envOverride?: readonly string[];
  readonly secretOverrideFile?: readonly string[];
}

const { APP, ENVIRONMENT } = OverrideScope;

/** Lets a command say what a clone runs with. */
export function runnable(command: Command): Command {
  return command
    .option('--param <name=value>', 'tell it something; may be repeated', gather)
    .option('--params-file <file>', 'tell it what a JSON object says; --param counts more')
    .option('--time-limit <duration>', 'how long it may run, such as 2h')
    .option('--memory <size>', 'how much memory it may have, such as 256MiB')
    .option('--grace <duration>', 'how long it has to end when it is stopped')
    .option('--cpu <cores>', 'how much processor time it may have, such as 1.5 or 500m')
    .option('--storage <size>', 'how much storage it may fill, such as 1GiB')
    .option('--override <name=value>', 'set a value of its own for it; may be repeated', gather)
    .option('--env-override <name=value>', 'the same, for what surrounds it', gather)
    .option(
      '--secret-override-file <name=file>',
      'set a secret value, from a file or from standard input with `-`; may be repeated',
      gather,
    );
}

/** The limits that were given. Undefined: none was. */
export function limitsOf(options: RunOptions): Limits | undefined {
  const { timeLimit, memory, grace, cpu, storage } = options;
  const given = [timeLimit, memory, grace, cpu, storage];
  if (given.every((each) => each === undefined)) return undefined;
  return Limits.fromPartial({
    runTime: timeLimit === undefined ? undefined : parseDuration(timeLimit),
    memoryBytes: memory === undefined ? 0n : parseSize(memory),
    grace: grace === undefined ? undefined : parseDuration(grace),
    cpuMillis: cpu === undefined ? 0n : parseCpu(cpu),
    storageBytes: storage === undefined ? 0n : parseSize(storage),
  });
}

/** The parameters that were given, those of the file under those that were typed. */
export async function parametersOf({
  param = [],
  paramsFile,
}: RunOptions): Promise<readonly Parameter[]> {
  const typed = parsePairs(param);
  return paramsFile === undefined ? typed : overlay(pairsOfJson(await read(paramsFile)), typed);
}

/** The overrides that were given. Reads secret ones from their files. */
export async function overridesOf(
  world: World,
  { override = [], envOverride = [], secretOverrideFile = [] }: RunOptions,
): Promise<readonly OverrideChange[]> {
  // A value is open or secret, not both.
  parsePairs([...override, ...secretOverrideFile]);
  const changes = [
    ...parsePairs(override).map((pair) => openChange(pair, APP)),
    ...parsePairs(envOverride).map((pair) => openChange(pair, ENVIRONMENT)),
  ];
  for (const { name, value: file } of parsePairs(secretOverrideFile)) {
    const value = textOf(await readSecret(world, file), name);
    changes.push({ name, scope: APP, change: { $case: 'secretValue', value } });
  }
  return changes;
}

function openChange({ name, value }: Pair, scope: OverrideScope): OverrideChange {
  return { name, scope, change: { $case: 'value', value } };
}

function textOf(bytes: Buffer, name: string): string {
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes);
  bytes.fill(0);
  if (!isText) throw new UsageError(`the secret value of '${name}' is not a text`);
  return text;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new UsageError(`cannot read the parameters: ${(thrown as Error).message}`);
  }
}
