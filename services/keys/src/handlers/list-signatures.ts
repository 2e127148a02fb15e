import { decodePageToken, pageSize } from '@ramet/database';
import {
  type ListSignaturesRequest,
  type ListSignaturesResponse,
  SignatureRecord,
} from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toSignatureMessage } from '../messages.js';
import { requireKey } from './caller.js';
import { pageOf } from './paging.js';

type Needs = Pick<Deps, 'keys' | 'signatures' | 'teams'>;

/** Lists the signatures made with a key, newest first. */
export function listSignatures(needs: Needs): Unary<ListSignaturesRequest, ListSignaturesResponse> {
  const { keys, signatures, teams } = needs;
  return async ({ keyId, cloneId, pageSize: size, pageToken }, { caller }) => {
    await requireKey(caller, await keys.find(keyId), keyId, teams);

    const binding = ['ListSignatures', caller.id, keyId, cloneId];
    const limit = pageSize(size);
    const [position] = decodePageToken(pageToken, binding, ['position']) ?? [];
    const before = position === undefined ? undefined : BigInt(position);
    const rows = await signatures.list(keyId, { cloneId, before, limit: limit + 1 });
    const { messages, nextPageToken } = pageOf({
      ...{ rows, limit, binding, toMessage: toSignatureMessage, encode: SignatureRecord.encode },
      keyOf: (signature) => [String(signature.position)],
    });
    return { signatures: messages, nextPageToken };
  };
}
