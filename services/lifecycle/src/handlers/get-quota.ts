import { denied } from '@ramet/errors';
import {
  CloneKind,
  type GetQuotaRequest,
  type GetQuotaResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { sees } from '../domain/sight.js';
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
    return {
      quotas: listed.map(({ kind, resource, limit, used }) => {
        return { kind: CloneKind[kind], resource, limit: BigInt(limit), used: BigInt(used) };
      }),
    };
  };
}
