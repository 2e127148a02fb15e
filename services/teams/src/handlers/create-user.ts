import { CreateUserRequest, type CreateUserResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toUserMessage } from '../messages.js';
import { askerOf, onceOf } from './asker.js';

type Needs = Pick<Deps, 'users' | 'ids'>;

/** Creates a user. */
export function createUser({ users, ids }: Needs): Unary<CreateUserRequest, CreateUserResponse> {
  return async (request, { caller }) => {
    const { name, admin } = request;
    const once = onceOf('CreateUser', CreateUserRequest, request);
    const user = await users.create({ id: ids.make('usr'), name, admin }, askerOf(caller), once);
    return { user: toUserMessage(user) };
  };
}
