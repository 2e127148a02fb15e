import type {
  ListServiceAccountsRequest,
  ListServiceAccountsResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toServiceAccountMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'serviceAccounts'>;
type ListServiceAccounts = Unary<ListServiceAccountsRequest, ListServiceAccountsResponse>;

/** Lists the service accounts of a team. */
export function listServiceAccounts({ serviceAccounts }: Needs): ListServiceAccounts {
  return async (request, { caller }) => {
    const page = await serviceAccounts.list(request.teamId, pageOf(request), askerOf(caller));
    return {
      serviceAccounts: page.items.map(toServiceAccountMessage),
      nextPageToken: page.nextPageToken,
    };
  };
}
