import { notFound, PublicError } from '@ramet/errors';
import { inclusionRanges } from '@ramet/merkle';
import type { GetReceiptRequest, GetReceiptResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { positionOf } from '../domain/log.js';
import { entryOf, recordNameOf, toHeadMessage } from '../log-messages.js';
import { required, requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'logs' | 'teams'>;

const PENDING_MS = 500;

/** Gets the receipt of a signature or refusal. */
export function getReceipt(needs: Needs): Unary<GetReceiptRequest, GetReceiptResponse> {
  const { keys, logs, teams } = needs;
  return async ({ keyId, record: name }, { caller }) => {
    await requireKey(caller, await keys.find(keyId), keyId, teams);
    const wanted = required(recordNameOf(name), 'record');
    const record = await logs.findRecord(keyId, wanted);
    if (!record) throw notFound('entry', String(name?.value));

    const entry = await logs.findEntry(record.kind, positionOf(record));
    if (!entry) throw pending();
    const { log, index } = entry;
    const head = await logs.newestHead(log.id);
    if (!head) throw pending();
    const proof = await logs.prove(log.id, inclusionRanges(index, head.size));
    return {
      receipt: {
        entry: entryOf(log.owner, record),
        index: BigInt(index),
        proof,
        head: toHeadMessage(log.owner, head),
      },
    };
  };
}

/** The error for a record that is there and has not come into its log yet. */
function pending(): PublicError {
  return new PublicError('unavailable', 'RECEIPT_PENDING', 'no signed head has the entry yet', {
    retryAfterMs: PENDING_MS,
  });
}
