import type {
  EnableServiceAccountRequest,
  EnableServiceAccountResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { enable } from '../domain/user.js';
import { toServiceAccountMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'serviceAccounts'>;

/** Enables a service account. */
export function enableServiceAccount({
  serviceAccounts,
}: Needs): Unary<EnableServiceAccountRequest, EnableServiceAccountResponse> {
  return async ({ id }, { caller }) => {
    const serviceAccount = await serviceAccounts.change(id, askerOf(caller), enable);
    return { serviceAccount: toServiceAccountMessage(serviceAccount) };
  };
}
