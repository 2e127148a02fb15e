import { GetResultRequest, ListResultsRequest, type Result } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { parseSize } from '../../parse/size.js';
import { parseWhole } from '../../parse/whole.js';
import { findClone } from '../../resolve.js';
import { resultView } from '../../views/results.js';
import { argument, type ListOptions, limited, limitOf } from '../options.js';
import { downloadResults } from './download.js';
import { receive } from './receive.js';
import { openFileSink, standardSink } from './sink.js';

interface GetOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly offset?: string;
  readonly length?: string;
}

const INDEX = /^\d+$/;
const MOST_INDEX = 4_294_967_295;
const FORCE = 'replace what is there';

/** Adds `results` to the command. */
export function addResults(program: Command, act: Act): void {
  const results = program.command('results').description('what clones leave: files and logs');
  limited(results.command('list <clone>').description('list what a clone has left')).action(
    act(listResults),
  );
  results
    .command('get <clone> <result>')
    .description('get a result, by its name or index, to a file or to standard output')
    .option('-o, --output <file>', 'write it to this file')
    .option('--force', FORCE)
    .option('--offset <bytes>', 'from there on, such as 1MiB')
    .option('--length <bytes>', 'only so much')
    .action(act(getResult));
  results
    .command('download <clone> <folder>')
    .description('get all files that a clone has left, into a folder')
    .option('--logs', 'and its logs')
    .option('--force', FORCE)
    .action(act(download));
}

async function listResults(
  context: Context,
  args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const { world, out } = context;
  const cloneId = await findClone(context, argument(args, 0));
  out.list(resultView(world.clock), await resultsOf(context, cloneId, limitOf(options)));
}

async function getResult(
  context: Context,
  args: readonly string[],
  options: GetOptions,
): Promise<void> {
  const { world, out } = context;
  const { output: path, force = false, offset, length } = options;
  const range = {
    offset: offset === undefined ? 0n : parseSize(offset),
    length: length === undefined ? 0n : parseSize(length),
  };
  const which = whichOf(argument(args, 1));
  const cloneId = await findClone(context, argument(args, 0));
  const request = GetResultRequest.fromPartial({ cloneId, which, ...range });

  await using sink =
    path === undefined ? standardSink(world) : await openFileSink({ path, force, world });
  const result = await receive(context, request, sink);
  // What is on standard output is the result, and nothing else.
  if (path !== undefined) out.item(resultView(world.clock), result);
}

function whichOf(text: string): NonNullable<GetResultRequest['which']> {
  return INDEX.test(text)
    ? { $case: 'index', value: parseWhole(text, 0, MOST_INDEX) }
    : { $case: 'name', value: text };
}

async function download(
  context: Context,
  args: readonly string[],
  { logs = false, force = false }: { readonly logs?: boolean; readonly force?: boolean },
): Promise<void> {
  const { world, out } = context;
  const cloneId = await findClone(context, argument(args, 0));
  const results = await resultsOf(context, cloneId);
  const received = await downloadResults(context, results, {
    folder: argument(args, 1),
    ...{ logs, force },
  });
  out.list(resultView(world.clock), received);
}

async function resultsOf(
  { session, world }: Context,
  cloneId: string,
  limit?: number,
): Promise<readonly Result[]> {
  return await collect(async (page) => {
    const request = ListResultsRequest.fromPartial({ ...page, cloneId });
    const answer = await session.results.listResults(request, { signal: world.signal });
    return { items: answer.results, next: answer.nextPageToken };
  }, limit);
}
