import {
  type Checkpoint,
  leafHash,
  type NoteKey,
  openNote,
  parseCheckpoint,
  parseNoteKey,
  verifyConsistency,
  verifyInclusion,
} from '@ramet/merkle';
import type { GetReceiptRequest, LogAudit, Receipt, SignedHead } from '@ramet/proto-gen/keys.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import { systemClock } from '@ramet/service';
import { as } from './callers.js';
import { type Replica, reasonOf, type Tenant } from './world.js';

/** The administrator of the mesh, as a caller. */
export const ADMIN = as('admin:usr_admin');

/** The receipt of a record, as soon as a head has it. */
export async function receiptOf(
  { receipts }: Pick<Replica, 'receipts'>,
  { keyId, userId }: Pick<Tenant, 'keyId' | 'userId'>,
  record: GetReceiptRequest['record'],
): Promise<Receipt> {
  const ask = () => receipts.getReceipt({ keyId, record }, as(`user:${userId}`));
  while ((await reasonOf(ask())) === 'RECEIPT_PENDING') await systemClock.sleep(20);
  const { receipt } = await ask();
  if (!receipt) throw new Error('no receipt was given');
  return receipt;
}

/** The receipt of a signature. */
export function receiptOfRequest(
  replica: Pick<Replica, 'receipts'>,
  tenant: Tenant,
  requestId: string,
): Promise<Receipt> {
  return receiptOf(replica, tenant, { $case: 'requestId', value: requestId });
}

/** The keys that the service publishes. */
export async function publishedKeys({
  receipts,
}: Pick<Replica, 'receipts'>): Promise<readonly NoteKey[]> {
  const { keys } = await receipts.listLogKeys({});
  return keys.flatMap(({ verifier }) => parseNoteKey(verifier) ?? []);
}

/** What was signed in a head, or undefined if it was not signed. */
export function saidIn(
  head: SignedHead | undefined,
  keys: readonly NoteKey[],
): Checkpoint | undefined {
  const text = openNote(head?.note ?? '', keys);
  return text === undefined ? undefined : parseCheckpoint(text);
}

/** Tells whether a receipt proves itself. */
export function isProven(receipt: Receipt, keys: readonly NoteKey[]): boolean {
  const said = saidIn(receipt.head, keys);
  if (!said) return false;
  const { root, size } = said;
  const index = Number(receipt.index);
  return verifyInclusion({
    leaf: leafHash(receipt.entry),
    proof: receipt.proof,
    ...{ index, size, root },
  });
}

/** Tells whether the service can prove that a log has grown from one head to another. */
export async function hasGrown(
  { receipts }: Pick<Replica, 'receipts'>,
  userId: string,
  [first, second]: readonly [SignedHead, SignedHead],
): Promise<boolean> {
  const { proof } = await receipts.getConsistencyProof(
    { owner: ownerOf(userId), firstSize: first.size, size: second.size },
    as(`user:${userId}`),
  );
  return verifyConsistency({
    firstSize: Number(first.size),
    firstRoot: first.root,
    size: Number(second.size),
    root: second.root,
    proof,
  });
}

/** All heads of a user's log, newest first. */
export async function headsOf(
  { receipts }: Pick<Replica, 'receipts'>,
  userId: string,
): Promise<readonly SignedHead[]> {
  const request = { owner: ownerOf(userId), pageSize: 1_000, pageToken: '' };
  return (await receipts.listSignedHeads(request, as(`user:${userId}`))).heads;
}

/** What an audit says of a user's log, or of the mesh's own. */
export async function auditOf(
  { receipts }: Pick<Replica, 'receipts'>,
  userId: string | undefined,
): Promise<LogAudit | undefined> {
  let found: LogAudit | undefined;
  for await (const { audit } of receipts.auditLogs({}, ADMIN)) {
    if (audit?.owner?.owner?.value === userId) found = audit;
  }
  return found;
}

function ownerOf(userId: string): Owner {
  return { owner: { $case: 'userId', value: userId } };
}
