import { CreateCloneRequest, type Policy } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseDuration } from '../../parse/duration.js';
import { parseLabels } from '../../parse/pairs.js';
import { parseWhole } from '../../parse/whole.js';
import { findBot, findFreeKey, findOwner, findTemplate } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { cloneView } from '../../views/clones.js';
import { quotaView } from '../../views/quotas.js';
import { type CreateOptions, gather, present, repeatable, requestIdOf } from '../options.js';
import { inputsOf } from './inputs.js';
import { type KeyLimitsOptions, keyLimitsOf, limitingKey } from './key-limits.js';
import { limitsOf, overridesOf, parametersOf, type RunOptions, runnable } from './run-options.js';
import { waitForStart } from './start-wait.js';
import { parsePhases, requireWell } from './wait.js';

/** The options of a command that makes a clone. */
export interface NewCloneOptions extends CreateOptions, RunOptions, KeyLimitsOptions {
  readonly bot?: string;
  readonly tag?: string;
  readonly owner?: string;
  readonly name?: string;
  readonly key?: string;
  readonly input?: readonly string[];
  readonly inputsFile?: string;
  readonly externalRef?: string;
  readonly privateResults?: boolean;
  readonly expireAfter?: string;
  readonly idleAfter?: string;
  readonly label?: readonly string[];
  readonly maxSignatures?: string;
  readonly validateOnly?: boolean;
  readonly wait?: boolean | string;
}

/** The template that a clone is made of. No revision: the newest. */
export interface Origin {
  readonly templateId: string;
  readonly templateRevision: number;
}

interface CreateCloneOptions extends NewCloneOptions {
  readonly template?: string;
  readonly templateRevision?: string;
}

const MOST_REVISION = 4_294_967_295;

/** Adds `clones create`. */
export function addCreateClone(clones: Command, act: Act): void {
  const create = clones.command('create').description('create a clone of a bot, or of a template');
  creating(create)
    .option('--template <template>', 'the template: an id, or a name that is unique')
    .option('--template-revision <number>', 'the revision of the template (default: the newest)')
    .option('--validate-only', 'check everything, quota and key included, and create nothing')
    .action(act(createClone));
}

/** Lets a command say what a new clone is. */
export function creating(command: Command): Command {
  return limitingKey(runnable(repeatable(command)))
    .option('--bot <bot>', 'the bot: an id, team/name, or a name that is unique')
    .option('--tag <tag>', 'take this tag of its sources, instead of their own')
    .option('--owner <owner>', 'whose: me, or a team (default: me)')
    .option('--name <name>', 'a name for it')
    .option('--key <key>', 'the key that it signs with: an id or a name')
    .option('--input <input>', 'what it reads: see below; may be repeated', gather)
    .option('--inputs-file <file>', 'the same, one a line: for addresses that hold a secret')
    .option('--external-ref <text>', 'what somebody else calls it, such as an agreement')
    .option('--private-results', 'let nobody but you read its results')
    .option('--expire-after <duration>', 'how long it lives before it expires, such as 14d')
    .option('--idle-after <duration>', 'stop it when it has reported no progress for that long')
    .option('--label <name=value>', 'note something on it; may be repeated', gather)
    .option('--max-signatures <count>', 'how often it may sign')
    .option(
      '--wait [phases]',
      'wait until it is in one of these phases (default: at rest, or up if it does not complete)',
    )
    .addHelpText(
      'after',
      '\nAn input is NAME=URL or NAME=result:CLONE/RESULT, with ,sha256=HEX and ,max=SIZE after it.',
    );
}

async function createClone(
  context: Context,
  _args: readonly string[],
  options: CreateCloneOptions,
): Promise<void> {
  const { bot, template, templateRevision } = options;
  if (bot === undefined && template === undefined) {
    throw new UsageError('a clone is made of a bot or of a template: --bot or --template');
  }
  if (templateRevision !== undefined && template === undefined) {
    throw new UsageError('--template-revision is of a --template');
  }
  const revision =
    templateRevision === undefined ? 0 : parseWhole(templateRevision, 1, MOST_REVISION);
  await makeClone(context, options, async () => ({
    templateId: template === undefined ? '' : await findTemplate(context, template),
    templateRevision: revision,
  }));
}

/**
 * Makes a clone, waits for it if that was asked for, and shows it. `findOrigin` is called once all
 * that the options say by themselves is known to be sound.
 */
export async function makeClone(
  context: Context,
  options: NewCloneOptions,
  findOrigin: () => Promise<Origin>,
): Promise<void> {
  const { session, world, out } = context;
  const phases = parsePhases(typeof options.wait === 'string' ? options.wait : undefined);
  const request = await requestOf(context, options, findOrigin);
  const answer = await session.clones.createClone(request, { signal: world.signal });
  const accepted = present(answer.clone, 'clone');
  if (options.validateOnly) out.note('all is well: nothing was created');

  const waits = options.wait !== undefined && !options.validateOnly;
  if (waits) out.note(`accepted ${accepted.id}, waiting`);
  const clone = waits ? await waitForStart(context, accepted, phases) : accepted;
  out.item(cloneView(world.clock, out.paint), clone);
  if (answer.quotas.length > 0 && !out.json) out.list(quotaView(), answer.quotas);
  if (waits && phases.length === 0) requireWell(clone);
}

async function requestOf(
  context: Context,
  options: NewCloneOptions,
  findOrigin: () => Promise<Origin>,
): Promise<CreateCloneRequest> {
  const { bot, name = '', tag = '', externalRef = '' } = options;
  const { privateResults = false, validateOnly = false } = options;
  const { input = [], inputsFile, key, maxSignatures } = options;
  const plain = plainOf(options);
  const overrides = await overridesOf(context.world, options);
  const parameters = await parametersOf(options);
  const owner = await findOwner(context, options.owner ?? 'me');
  return CreateCloneRequest.fromPartial({
    ...plain,
    ...{ owner, parameters, overrides },
    ...{ name, tag, externalRef, privateResults, validateOnly },
    requestId: requestIdOf(context, options),
    inputs: await inputsOf(context, input, inputsFile),
    botId: bot === undefined ? '' : await findBot(context, bot),
    keyLimits: await keyLimitsOf(context.world, options),
    keyId: key === undefined ? '' : await findFreeKey(context, key, owner),
    ...(maxSignatures !== undefined && {
      maxSignatures: BigInt(parseWhole(maxSignatures, 1, Number.MAX_SAFE_INTEGER)),
    }),
    ...(await findOrigin()),
  });
}

/** What needs nothing but the options: what is wrong with them is told before anybody is asked. */
function plainOf(options: NewCloneOptions) {
  return {
    labels: parseLabels(options.label ?? []),
    limits: limitsOf(options),
    policy: policyOf(options),
  };
}

function policyOf({ expireAfter, idleAfter }: NewCloneOptions): Partial<Policy> | undefined {
  if (expireAfter === undefined && idleAfter === undefined) return undefined;
  return {
    expireAfter: expireAfter === undefined ? undefined : parseDuration(expireAfter),
    idleAfter: idleAfter === undefined ? undefined : parseDuration(idleAfter),
  };
}
