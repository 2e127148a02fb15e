import type {
  DisableServiceAccountRequest,
  DisableServiceAccountResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { disable as decide } from '../domain/user.js';
import { toServiceAccountMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'serviceAccounts'>;

/** Disables a service account. */
export function disableServiceAccount({
  serviceAccounts,
}: Needs): Unary<DisableServiceAccountRequest, DisableServiceAccountResponse> {
  return async ({ id, reason }, { caller }) => {
    const serviceAccount = await serviceAccounts.change(id, askerOf(caller), decide(reason));
    return { serviceAccount: toServiceAccountMessage(serviceAccount) };
  };
}
