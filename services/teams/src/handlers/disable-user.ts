import type { DisableUserRequest, DisableUserResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { disable as decide } from '../domain/user.js';
import { toUserMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'users'>;

/** Disables a person. */
export function disableUser({ users }: Needs): Unary<DisableUserRequest, DisableUserResponse> {
  return async ({ id, reason }, { caller }) => {
    const user = await users.change(id, askerOf(caller), decide(reason));
    return { user: toUserMessage(user) };
  };
}
