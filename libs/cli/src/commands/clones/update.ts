import {
  ClonePhase,
  type OverrideChange,
  OverrideScope,
  UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseLabels } from '../../parse/pairs.js';
import { parseWhole } from '../../parse/whole.js';
import { findClone } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import {
  argument,
  type CreateOptions,
  gather,
  present,
  repeatable,
  requestIdOf,
} from '../options.js';
import { showClone } from './look.js';
import { limitsOf, overridesOf, parametersOf, type RunOptions, runnable } from './run-options.js';
import { waitForTurn } from './turn-wait.js';

interface UpdateOptions extends CreateOptions, RunOptions {
  readonly name?: string;
  readonly label?: readonly string[];
  readonly tag?: string;
  readonly templateRevision?: string;
  readonly clear?: readonly string[];
  readonly unsetParam?: readonly string[];
  readonly unsetOverride?: readonly string[];
  readonly unsetEnvOverride?: readonly string[];
  readonly etag?: string;
  readonly validateOnly?: boolean;
  readonly wait?: boolean;
}

const MOST_REVISION = 4_294_967_295;
/** What can be cleared, and what it is called in the contract. */
const CLEARED: readonly string[] = ['name', 'labels', 'tag', 'limits'];

/** Adds `clones update`. */
export function addUpdateClone(clones: Command, act: Act): void {
  const update = clones.command('update <clone>').description('change a clone, or what it runs');
  runnable(repeatable(update))
    .option('--name <name>', 'another name for it')
    .option('--label <name=value>', 'note this on it, instead of all there is', gather)
    .option('--tag <tag>', 'take this tag of its sources')
    .option('--template-revision <number>', 'run this revision of its template')
    .option('--unset-param <name>', 'take a parameter out; may be repeated', gather)
    .option('--unset-override <name>', 'take a value of its own out; may be repeated', gather)
    .option('--unset-env-override <name>', 'the same, for what surrounds it', gather)
    .option('--clear <field>', `take out all there is: ${CLEARED.join(', ')}`, gather)
    .option('--etag <etag>', 'only as it was read')
    .option('--validate-only', 'check everything, and change nothing')
    .option('--wait', 'wait until it runs what it was updated to')
    .addHelpText('after', '\nLimits that are given take the place of all that there are.')
    .action(act(updateClone));
}

async function updateClone(
  context: Context,
  args: readonly string[],
  options: UpdateOptions,
): Promise<void> {
  const { session, world, out } = context;
  const request = await requestOf(context, argument(args, 0), options);
  const answer = await session.clones.updateClone(request, { signal: world.signal });
  const before = present(answer.clone, 'clone');
  if (options.validateOnly) out.note('all is well: nothing was changed');
  const waits = options.wait && !options.validateOnly && before.candidate !== undefined;
  const wanted = [ClonePhase.RUNNING, ClonePhase.COMPLETED];
  const turn = { before, wanted, leaves: true, undone: 'UPDATE_FAILED' as const };
  showClone(context, waits ? await waitForTurn(context, turn) : before);
}

async function requestOf(
  context: Context,
  clone: string,
  options: UpdateOptions,
): Promise<UpdateCloneRequest> {
  const { etag = '', validateOnly = false, unsetParam = [] } = options;
  const fields = fieldsOf(options);
  const changes = {
    setParameters: await parametersOf(options),
    unsetParameters: unsetParam,
    overrides: [...(await overridesOf(context.world, options)), ...unsetsOf(options)],
  };
  const updateMask = maskOf(Object.keys(fields), options.clear);
  if ([...Object.values(changes), Object.keys(fields), updateMask ?? []].every(isEmpty)) {
    throw new UsageError('there is nothing to change: see --help');
  }
  return UpdateCloneRequest.fromPartial({
    ...{ etag, validateOnly, ...fields, ...changes },
    id: await findClone(context, clone),
    requestId: requestIdOf(context, options),
    ...(updateMask && { updateMask }),
  });
}

/** The fields that were given, by their names in the contract. */
function fieldsOf(options: UpdateOptions) {
  const { name, label, tag, templateRevision } = options;
  const limits = limitsOf(options);
  return {
    ...(name !== undefined && { name }),
    ...(label !== undefined && { labels: parseLabels(label) }),
    ...(tag !== undefined && { tag }),
    ...(limits !== undefined && { limits }),
    ...(templateRevision !== undefined && {
      templateRevision: parseWhole(templateRevision, 1, MOST_REVISION),
    }),
  };
}

/** What is to change, where something is cleared: what is absent is left alone otherwise. */
function maskOf(given: readonly string[], clear: readonly string[] = []): string[] | undefined {
  const unknown = clear.find((field) => !CLEARED.includes(field));
  if (unknown !== undefined) throw new UsageError(`'${unknown}' is none of ${CLEARED.join(', ')}`);
  const both = clear.find((field) => given.includes(field));
  if (both !== undefined) throw new UsageError(`'${both}' is both given and cleared`);
  if (clear.length === 0) return undefined;
  const named = given.map((field) => (field === 'templateRevision' ? 'template_revision' : field));
  return [...new Set([...named, ...clear])];
}

function unsetsOf({ unsetOverride = [], unsetEnvOverride = [] }: UpdateOptions): OverrideChange[] {
  const unset = (scope: OverrideScope) => (name: string) => {
    return { name, scope, change: { $case: 'unset' as const, value: true } };
  };
  return [
    ...unsetOverride.map(unset(OverrideScope.APP)),
    ...unsetEnvOverride.map(unset(OverrideScope.ENVIRONMENT)),
  ];
}

function isEmpty({ length }: { readonly length: number }): boolean {
  return length === 0;
}
