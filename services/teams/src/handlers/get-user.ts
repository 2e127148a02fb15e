import type { GetUserRequest, GetUserResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toUserMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'users'>;

/** Gets the caller, or another user for who may see them. */
export function getUser({ users }: Needs): Unary<GetUserRequest, GetUserResponse> {
  return async ({ id }, { caller }) => {
    const user = await users.get(id || caller.id, askerOf(caller));
    return { user: toUserMessage(user) };
  };
}
