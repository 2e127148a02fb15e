import type { ListUsersRequest, ListUsersResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toUserMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'users'>;

/** Lists all users. */
export function listUsers({ users }: Needs): Unary<ListUsersRequest, ListUsersResponse> {
  return async (request, { caller }) => {
    const { items, nextPageToken } = await users.list(pageOf(request), askerOf(caller));
    return { users: items.map(toUserMessage), nextPageToken };
  };
}
