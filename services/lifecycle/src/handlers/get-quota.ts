import { denied } from '@ramet/errors';
import type {
  GetQuotaRequest,
  GetQuotaResponse,
  Quota as QuotaMessage,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps, Quota } from '../deps.js';
import { sees } from '../domain/sight.js';
import { toKindMessage } from '../spec-messages.js';
import { requiredOwner } from './owner.js';

type Needs = Pick<Deps, 'access' | 'quotas'>;

/** Tells the limits of an owner whose clones the caller sees. */
export function getQuota({ access, quotas }: Needs): Unary<GetQuotaRequest, GetQuotaResponse> {
  return async ({ owner: message }, { caller }) => {
    const owner = requiredOwner(message);
    if (!sees(await access.sightOf(caller), owner.id)) {
      throw denied('quotas.get', `the clones of ${owner.id} are not yours to see`);
    }
    const listed = await quotas.list(owner.id);
    return { quotas: listed.map(toQuotaMessage) };
  };
}

/** A quota, as the API shows it. What has no limit has the largest there is. */
export function toQuotaMessage({ kind, resource, limit, used, isOwn }: Quota): QuotaMessage {
  return {
    kind: toKindMessage(kind),
    resource,
    limit: limit ?? NO_LIMIT,
    used,
    own: isOwn,
  };
}

const NO_LIMIT = 2n ** 64n - 1n;
