import { PublicError } from '@ramet/errors';
import { consistencyRanges } from '@ramet/merkle';
import type {
  GetConsistencyProofRequest,
  GetConsistencyProofResponse,
} from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireLog } from './logs.js';

type Needs = Pick<Deps, 'logs' | 'teams'>;

/** Gets the proof that a log has grown from a smaller size. */
export function getConsistencyProof(
  needs: Needs,
): Unary<GetConsistencyProofRequest, GetConsistencyProofResponse> {
  return async (request, { caller }) => {
    const log = await requireLog(caller, request.owner, 'logs.get_consistency', needs);
    const first = Number(request.firstSize);
    const size = request.size === 0n ? log.size : Number(request.size);
    if (!(first <= size && size <= log.size)) throw beyond(log.size);
    const proof = await needs.logs.prove(log.id, consistencyRanges(first, size));
    return { size: BigInt(size), proof };
  };
}

function beyond(size: number): PublicError {
  return new PublicError('out_of_range', 'RANGE_INVALID', `the log has ${size} entries`, {
    metadata: { size: String(size) },
  });
}
