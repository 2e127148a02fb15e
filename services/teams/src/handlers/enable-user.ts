import type { EnableUserRequest, EnableUserResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { enable } from '../domain/user.js';
import { toUserMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'users'>;

/** Enables a person. */
export function enableUser({ users }: Needs): Unary<EnableUserRequest, EnableUserResponse> {
  return async ({ id }, { caller }) => {
    const user = await users.change(id, askerOf(caller), enable);
    return { user: toUserMessage(user) };
  };
}
