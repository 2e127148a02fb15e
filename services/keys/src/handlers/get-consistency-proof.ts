import { PublicError } from '@ramet/errors';
import { consistencyRanges } from '@ramet/merkle';
import type {
  GetConsistencyProofRequest,
  GetConsistencyProofResponse,
} from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireLogOwner } from './logs.js';

type Needs = Pick<Deps, 'logs' | 'teams'>;

/** Gets the proof that a log has grown from a smaller size. */
export function getConsistencyProof({
  logs,
  teams,
}: Needs): Unary<GetConsistencyProofRequest, GetConsistencyProofResponse> {
  return async (request, { caller }) => {
    const owner = await requireLogOwner(caller, request.owner, 'logs.get_consistency', teams);
    const log = await logs.find(owner);
    const end = log?.size ?? 0;
    const first = Number(request.firstSize);
    const size = request.size === 0n ? end : Number(request.size);
    if (!(first <= size && size <= end)) throw beyond(end);
    const proof = log ? await logs.prove(log.id, consistencyRanges(first, size)) : [];
    return { size: BigInt(size), proof };
  };
}

function beyond(size: number): PublicError {
  return new PublicError('out_of_range', 'RANGE_INVALID', `the log has ${size} entries`, {
    metadata: { size: String(size) },
  });
}
