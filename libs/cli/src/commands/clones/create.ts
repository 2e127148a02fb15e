import { readFile } from 'node:fs/promises';
import type { CreateCloneRequest, Limits, Parameter } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseDuration } from '../../parse/duration.js';
import { overlay, pairsOfJson, parseLabels, parsePairs } from '../../parse/pairs.js';
import { parseSize } from '../../parse/size.js';
import { parseWhole } from '../../parse/whole.js';
import { findBot, findFreeKey, findOwner } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { cloneView } from '../../views/clones.js';
import { type CreateOptions, gather, present, repeatable, requestIdOf } from '../options.js';
import { parsePhases, requireWell, waitForClone } from './wait.js';

interface CreateCloneOptions extends CreateOptions {
  readonly bot: string;
  readonly owner?: string;
  readonly name?: string;
  readonly key?: string;
  readonly param?: readonly string[];
  readonly paramsFile?: string;
  readonly label?: readonly string[];
  readonly timeLimit?: string;
  readonly memory?: string;
  readonly grace?: string;
  readonly maxSignatures?: string;
  readonly validateOnly?: boolean;
  readonly wait?: boolean | string;
}

/** Adds `clones create`. */
export function addCreateClone(clones: Command, act: Act): void {
  repeatable(clones.command('create').description('create a clone of a bot'))
    .requiredOption('--bot <bot>', 'the bot: an id, team/name, or a name that is unique')
    .option('--owner <owner>', "whose: me, or the bot's team (default: me)")
    .option('--name <name>', 'a name for it')
    .option('--key <key>', 'the key that it signs with: an id or a name')
    .option('--param <name=value>', 'tell it something; may be repeated', gather)
    .option('--params-file <file>', 'tell it what a JSON object says; --param counts more')
    .option('--label <name=value>', 'note something on it; may be repeated', gather)
    .option('--time-limit <duration>', 'how long it may run, such as 2h')
    .option('--memory <size>', 'how much memory it may have, such as 256MiB')
    .option('--grace <duration>', 'how long it has to end when it is stopped')
    .option('--max-signatures <count>', 'how often it may sign')
    .option('--validate-only', 'check everything, quota and key included, and create nothing')
    .option('--wait [phases]', 'wait until it is in one of these phases (default: at rest)')
    .action(act(createClone));
}

async function createClone(
  context: Context,
  _args: readonly string[],
  options: CreateCloneOptions,
): Promise<void> {
  const { session, world, out } = context;
  const phases = parsePhases(typeof options.wait === 'string' ? options.wait : undefined);
  const request = await requestOf(context, options);
  const answer = await session.clones.createClone(request, { signal: world.signal });
  const accepted = present(answer.clone, 'clone');
  if (options.validateOnly) out.note('all is well: nothing was created');

  const waits = options.wait !== undefined && !options.validateOnly;
  if (waits) out.note(`accepted ${accepted.id}, waiting`);
  const clone = waits ? await waitForClone(context, accepted.id, phases) : accepted;
  out.item(cloneView(world.clock, out.paint), clone);
  if (waits && phases.length === 0) requireWell(clone);
}

async function requestOf(
  context: Context,
  options: CreateCloneOptions,
): Promise<CreateCloneRequest> {
  const labels = parseLabels(options.label ?? []);
  const limits = limitsOf(options);
  const parameters = await parametersOf(options);
  const maxSignatures = options.maxSignatures;
  const owner = await findOwner(context, options.owner ?? 'me');
  return {
    requestId: requestIdOf(context, options),
    owner,
    botId: await findBot(context, options.bot),
    name: options.name ?? '',
    keyId: options.key === undefined ? '' : await findFreeKey(context, options.key, owner),
    parameters,
    limits,
    labels,
    validateOnly: options.validateOnly ?? false,
    ...(maxSignatures !== undefined && {
      maxSignatures: BigInt(parseWhole(maxSignatures, 1, Number.MAX_SAFE_INTEGER)),
    }),
  };
}

function limitsOf({ timeLimit, memory, grace }: CreateCloneOptions): Limits | undefined {
  if (timeLimit === undefined && memory === undefined && grace === undefined) return undefined;
  return {
    runTime: timeLimit === undefined ? undefined : parseDuration(timeLimit),
    memoryBytes: memory === undefined ? 0n : parseSize(memory),
    grace: grace === undefined ? undefined : parseDuration(grace),
  };
}

async function parametersOf(options: CreateCloneOptions): Promise<readonly Parameter[]> {
  const { param = [], paramsFile } = options;
  const typed = parsePairs(param);
  return paramsFile === undefined ? typed : overlay(pairsOfJson(await read(paramsFile)), typed);
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new UsageError(`cannot read the parameters: ${(thrown as Error).message}`);
  }
}
