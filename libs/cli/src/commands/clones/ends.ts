import {
  ClonePhase,
  type CloneResult,
  DeleteClonesRequest,
  StopCloneRequest,
  StopClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { findClone, findOwner } from '../../resolve.js';
import { FailedError, UsageError } from '../../usage-error.js';
import { cloneResultView } from '../../views/batches.js';
import { confirm, confirmed } from '../confirm.js';
import { present } from '../options.js';
import { showClone } from './look.js';
import { type Selected, type SelectOptions, selectable, selectedOf } from './select.js';
import { waitForClone } from './wait.js';

interface EndOptions extends SelectOptions {
  readonly etag?: string;
  readonly externalRef?: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
}

/** Adds `clones stop` and `clones delete`. */
export function addEnds(clones: Command, act: Act): void {
  selectable(clones.command('stop [clones...]'))
    .description('stop a clone, or many; they are kept to be looked at')
    .option('--external-ref <text>', 'the one that somebody else calls so, instead')
    .option('--etag <etag>', 'only as it was read; for one alone')
    .option('--wait', 'wait until it is at rest')
    .action(act(stop));
  confirmed(selectable(clones.command('delete [clones...]')))
    .description('delete a clone, or many, and free their keys')
    .option('--etag <etag>', 'only as it was read; for one alone')
    .option('--wait', 'wait until it is gone')
    .action(act(remove));
}

async function stop(
  context: Context,
  names: readonly string[],
  options: EndOptions,
): Promise<void> {
  const { session, world } = context;
  const { signal } = world;
  if (options.externalRef !== undefined) return await stopReferred(context, names, options);
  const selected = selectedOf(names, options);
  if (selected.one !== undefined) {
    const id = await findClone(context, selected.one);
    const request = StopCloneRequest.fromPartial({ id, etag: options.etag ?? '' });
    const { clone } = await session.clones.stopClone(request, { signal });
    showClone(context, options.wait ? await waitForClone(context, id, []) : clone);
    return;
  }
  requireNoEtag(options);
  const request = StopClonesRequest.fromPartial(await manyOf(context, selected, options));
  const { results } = await session.clones.stopClones(request, { signal });
  await showMany(context, results, options.wait ? [] : undefined);
}

async function stopReferred(
  context: Context,
  names: readonly string[],
  options: EndOptions,
): Promise<void> {
  const { session, world } = context;
  const { externalRef = '', owner: whose = 'me', etag = '' } = options;
  if (names.length > 0 || options.filter !== undefined) {
    throw new UsageError('--external-ref takes the place of clones and of a filter');
  }
  const owner = await findOwner(context, whose);
  const request = StopCloneRequest.fromPartial({ etag, external: { owner, externalRef } });
  const { clone } = await session.clones.stopClone(request, { signal: world.signal });
  const { id } = present(clone, 'clone');
  showClone(context, options.wait ? await waitForClone(context, id, []) : clone);
}

async function remove(
  context: Context,
  names: readonly string[],
  options: EndOptions,
): Promise<void> {
  const { session, world } = context;
  const { signal } = world;
  const selected = selectedOf(names, options);
  const gone = [ClonePhase.DELETED];
  if (selected.one !== undefined) {
    const id = await findClone(context, selected.one);
    await confirm(context, options, `delete clone ${selected.one} and all it had?`);
    const request = { id, etag: options.etag ?? '' };
    const { clone } = await session.clones.deleteClone(request, { signal });
    showClone(context, options.wait ? await waitForClone(context, id, gone) : clone);
    return;
  }
  requireNoEtag(options);
  const request = DeleteClonesRequest.fromPartial(await manyOf(context, selected, options));
  const count = selected.expected ?? selected.names.length;
  await confirm(context, options, `delete ${count} clones and all they had?`);
  const { results } = await session.clones.deleteClones(request, { signal });
  await showMany(context, results, options.wait ? gone : undefined);
}

function requireNoEtag({ etag }: EndOptions): void {
  if (etag !== undefined) throw new UsageError('an etag is of one clone: name it alone');
}

async function manyOf(
  context: Context,
  { names, filter, expected }: Selected,
  { owner: whose = 'me' }: EndOptions,
) {
  if (filter !== undefined) {
    const owner = await findOwner(context, whose);
    return { selection: { owner, filter, expectedCount: expected ?? 0 } };
  }
  const ids: string[] = [];
  for (const name of names) ids.push(await findClone(context, name));
  return { ids: [...new Set(ids)] };
}

/** Shows what has become of each. Throws FailedError if it did not go well for all of them. */
async function showMany(
  context: Context,
  results: readonly CloneResult[],
  phases: readonly ClonePhase[] | undefined,
): Promise<void> {
  const { out } = context;
  const shown: CloneResult[] = [];
  for (const result of results) {
    const { clone } = result;
    const waits = phases !== undefined && clone !== undefined;
    shown.push(
      waits ? { ...result, clone: await waitForClone(context, clone.id, phases) } : result,
    );
  }
  out.list(cloneResultView(out.paint), shown);
  const bad = results.filter(({ error }) => error !== undefined).length;
  if (bad > 0) throw new FailedError(`it did not go well for ${bad} of ${results.length} clones`);
}
