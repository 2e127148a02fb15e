import { invalid } from '@ramet/errors';
import {
  CreateServiceAccountRequest,
  type CreateServiceAccountResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toRole, toServiceAccountMessage } from '../messages.js';
import { askerOf, onceOf } from './asker.js';

type Needs = Pick<Deps, 'serviceAccounts' | 'ids'>;
type CreateServiceAccount = Unary<CreateServiceAccountRequest, CreateServiceAccountResponse>;

/** Creates a service account in a team. */
export function createServiceAccount({ serviceAccounts, ids }: Needs): CreateServiceAccount {
  return async (request, { caller }) => {
    const { teamId, name } = request;
    const role = toRole(request.role);
    if (role === 'owner') throw invalid({ field: 'role', description: 'must be ADMIN or MEMBER' });
    const wish = { id: ids.make('usr'), teamId, name, role };
    const once = onceOf('CreateServiceAccount', CreateServiceAccountRequest, request);
    const account = await serviceAccounts.create(wish, askerOf(caller), once);
    return { serviceAccount: toServiceAccountMessage(account) };
  };
}
