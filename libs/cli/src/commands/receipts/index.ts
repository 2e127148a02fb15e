import { parseCheckpoint } from '@ramet/merkle';
import type { GetReceiptRequest } from '@ramet/proto-gen/keys.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { parseWhole } from '../../parse/whole.js';
import { findKey, findOwner } from '../../resolve.js';
import { NotFoundError, UsageError } from '../../usage-error.js';
import { headView, logKeyView } from '../../views/logs.js';
import { argument, type ListOptions, limited, limitOf, present } from '../options.js';
import { readText } from '../read-text.js';
import { type ProofFile, parseProofFile, printConsistency, printReceipt } from './file.js';
import { tellProven } from './tell.js';
import { parseLogKeys, verifyProof } from './verify.js';

interface OwnedOptions {
  readonly owner?: string;
}

const WHOSE = 'whose log: me, a team, an id, or `mesh` (default: me)';

/** Adds `receipts` and `verify` to the command. */
export function addReceipts(program: Command, act: Act): void {
  const receipts = program
    .command('receipts')
    .alias('receipt')
    .description('proofs of what was signed and refused');
  receipts
    .command('get <key> [request-id]')
    .description('print the receipt of a signature, or of a refusal, to keep in a file')
    .option('--owner <owner>', 'whose key, if given by name: me, a team, or an id (default: me)')
    .option('--position <position>', 'the signature at this position instead')
    .option('--denial <id>', 'the refusal of this id instead')
    .action(act(getReceipt));
  receipts
    .command('head')
    .description('print the newest head of a log, to keep in a file')
    .option('--owner <owner>', WHOSE)
    .action(act(getHead));
  limited(receipts.command('heads').description('list the heads of a log, newest first'))
    .option('--owner <owner>', WHOSE)
    .action(act(listHeads));
  receipts
    .command('consistency <first> [second]')
    .description('print the proof that a log has grown from one kept head to another')
    .addHelpText('after', '\nBoth are files with a head or receipt. Without a second: to now.')
    .action(act(getConsistency));
  receipts
    .command('keys')
    .description('print the keys that heads are verified with, to keep in a file')
    .option('--long', 'since when, and until when')
    .action(act(listKeys));
  program
    .command('verify <file>')
    .description('verify a receipt, head or proof that was kept; asks nobody')
    .requiredOption('--log-key <file>', 'the keys to believe, as `ramet receipts keys` prints them')
    .action(act(verify));
}

async function getReceipt(
  context: Context,
  args: readonly string[],
  options: OwnedOptions & { readonly position?: string; readonly denial?: string },
): Promise<void> {
  const { session, world, out } = context;
  const record = recordOf(args[1], options);
  const keyId = await findKey(context, argument(args, 0), options.owner);
  const answer = await session.receipts.getReceipt({ keyId, record }, { signal: world.signal });
  out.raw(Buffer.from(printReceipt(present(answer.receipt, 'receipt'))));
}

function recordOf(
  requestId: string | undefined,
  { position, denial }: { readonly position?: string; readonly denial?: string },
): GetReceiptRequest['record'] {
  const given = [requestId, position, denial].filter((each) => each !== undefined);
  if (given.length !== 1) throw new UsageError('give one of REQUEST-ID, --position and --denial');
  if (requestId !== undefined) return { $case: 'requestId', value: requestId };
  const number = BigInt(parseWhole(given[0] ?? '', 0, Number.MAX_SAFE_INTEGER));
  return position === undefined
    ? { $case: 'denialId', value: number }
    : { $case: 'signaturePosition', value: number };
}

async function getHead(
  context: Context,
  _args: readonly string[],
  options: OwnedOptions,
): Promise<void> {
  const { session, world, out } = context;
  const owner = await logOwner(context, options.owner);
  const { head } = await session.receipts.getSignedHead({ owner }, { signal: world.signal });
  if (!head) throw new NotFoundError('the log has no entry yet');
  if (out.json) out.item(headView(), head);
  else out.raw(Buffer.from(head.note));
}

async function listHeads(
  context: Context,
  _args: readonly string[],
  options: OwnedOptions & ListOptions,
): Promise<void> {
  const { session, world, out } = context;
  const owner = await logOwner(context, options.owner);
  const heads = await collect(async (page) => {
    const request = { ...page, owner };
    const answer = await session.receipts.listSignedHeads(request, { signal: world.signal });
    return { items: answer.heads, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(headView(), heads);
}

async function getConsistency(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const { signal } = world;
  const first = noteOf(parseProofFile(await readText(world, argument(args, 0))));
  const { owner, size: firstSize } = placeOf(first);
  const kept = args[1] === undefined ? undefined : await readText(world, args[1]);
  const newest = async () => (await session.receipts.getSignedHead({ owner }, { signal })).head;
  const second = kept === undefined ? (await newest())?.note : noteOf(parseProofFile(kept));
  if (second === undefined) throw new NotFoundError('the log has no entry any more');
  const request = { owner, firstSize, size: placeOf(second).size };
  const { proof } = await session.receipts.getConsistencyProof(request, { signal });
  out.raw(Buffer.from(printConsistency({ first, second, proof })));
}

async function listKeys(
  { session, world, out }: Context,
  _args: readonly string[],
  { long = false }: { readonly long?: boolean },
): Promise<void> {
  const { keys } = await session.receipts.listLogKeys({}, { signal: world.signal });
  if (long || out.json) out.list(logKeyView(), keys);
  else out.raw(Buffer.from(keys.map(({ verifier }) => `${verifier}\n`).join('')));
}

async function verify(
  { world, out }: Context,
  args: readonly string[],
  { logKey }: { readonly logKey: string },
): Promise<void> {
  const keys = parseLogKeys(await readText(world, logKey));
  const file = parseProofFile(await readText(world, argument(args, 0)));
  tellProven(out, verifyProof(file, keys));
}

async function logOwner(context: Context, text = 'me'): Promise<Owner | undefined> {
  return text === 'mesh' ? undefined : await findOwner(context, text);
}

/** The head in a file, as it was signed. */
function noteOf(file: ProofFile): string {
  if (file.kind === 'head') return file.note;
  return file.kind === 'receipt' ? file.head : file.second;
}

/** Which log a head is of, and its size there, as it says itself. */
function placeOf(note: string): { readonly owner: Owner | undefined; readonly size: bigint } {
  const head = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  const [, kind, id] = /^[^/]+\/keys\/(?:(user|team)\/(\w+)|mesh)$/.exec(head?.origin ?? '') ?? [];
  if (!head) throw new UsageError('the file has no head of a log');
  const size = BigInt(head.size);
  if (!kind || !id) return { owner: undefined, size };
  const $case = kind === 'user' ? 'userId' : 'teamId';
  return { owner: { owner: { $case, value: id } }, size };
}
