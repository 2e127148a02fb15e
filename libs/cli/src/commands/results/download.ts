import { join } from 'node:path';
import { GetResultRequest, type Result, ResultKind } from '@ramet/proto-gen/lifecycle.v1';
import type { Context } from '../../context.js';
import { resultPath } from '../../parse/result-path.js';
import { receive } from './receive.js';
import { makeFolders, openFileSink, requireAbsent } from './sink.js';

/** How results are put into a folder. */
export interface DownloadOptions {
  readonly folder: string;
  /** Whether logs are wanted too, and not files alone. */
  readonly logs: boolean;
  readonly force: boolean;
}

interface Place {
  readonly result: Result;
  readonly folders: readonly string[];
  readonly name: string;
}

/**
 * Puts the results of a clone into a folder, each at its name, and never outside of it.
 *
 * Stops at the first that is not whole, or is there already. Returns those that were put there.
 */
export async function downloadResults(
  context: Context,
  results: readonly Result[],
  { folder, logs, force }: DownloadOptions,
): Promise<readonly Result[]> {
  const { world, out } = context;
  const wanted = results.filter(({ kind }) => logs || kind === ResultKind.OUTPUT);
  const kept = wanted.filter(({ expired }) => !expired);
  if (kept.length < wanted.length) {
    out.note(`${wanted.length - kept.length} results were removed, and are left out`);
  }

  const places = placesOf(kept);
  if (!force) {
    for (const { folders, name } of places) await requireAbsent(join(folder, ...folders, name));
  }
  const received: Result[] = [];
  for (const { result, folders, name } of places) {
    const path = join(await makeFolders(folder, folders), name);
    await using sink = await openFileSink({ path, force, world });
    const { cloneId, index } = result;
    const which = { $case: 'index' as const, value: index };
    received.push(await receive(context, GetResultRequest.fromPartial({ cloneId, which }), sink));
  }
  return received;
}

/** A place for each result. Where two would have the same, the later one has its index in its name. */
function placesOf(results: readonly Result[]): readonly Place[] {
  const seen = new Set<string>();
  return results.map((result) => {
    const path = resultPath(result.name);
    // Some file systems do not tell capitals from small letters.
    const isTaken = seen.has(keyOf(path));
    const last = path.at(-1) ?? '';
    const name = isTaken ? `${last}~${result.index}` : last;
    const folders = path.slice(0, -1);
    seen.add(keyOf([...folders, name]));
    return { result, folders, name };
  });
}

function keyOf(path: readonly string[]): string {
  return path.join('/').normalize('NFC').toLowerCase();
}
