import type {
  DeleteServiceAccountRequest,
  DeleteServiceAccountResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { remove } from '../domain/user.js';
import { toServiceAccountMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'serviceAccounts'>;

/** Deletes a service account. */
export function deleteServiceAccount({
  serviceAccounts,
}: Needs): Unary<DeleteServiceAccountRequest, DeleteServiceAccountResponse> {
  return async ({ id }, { caller }) => {
    const serviceAccount = await serviceAccounts.change(id, askerOf(caller), remove);
    return { serviceAccount: toServiceAccountMessage(serviceAccount) };
  };
}
