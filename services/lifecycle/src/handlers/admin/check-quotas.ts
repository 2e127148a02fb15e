import type { CheckQuotasRequest, CheckQuotasResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../../deps.js';
import { toOwnerMessage } from '../../messages.js';
import { toKindMessage } from '../../spec-messages.js';

type Needs = Pick<Deps, 'quotas'>;

/** Compares all balances with their ledgers, and with what clones hold. */
export function checkQuotas({ quotas }: Needs): Unary<CheckQuotasRequest, CheckQuotasResponse> {
  return async () => {
    const { checked, mismatches } = await quotas.check();
    return {
      checked: BigInt(checked),
      mismatches: mismatches.map(({ owner, kind, resource, balance, ledger, held }) => ({
        owner: toOwnerMessage(owner),
        kind: toKindMessage(kind),
        resource,
        balance,
        ledger,
        held,
      })),
    };
  };
}
