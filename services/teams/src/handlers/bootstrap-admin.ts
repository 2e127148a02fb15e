import { PublicError } from '@ramet/errors';
import type { BootstrapAdminRequest, BootstrapAdminResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toUserMessage } from '../messages.js';
import { credentialInvalid } from './credential-invalid.js';

type Needs = Pick<Deps, 'users' | 'credentials' | 'ids'>;
type BootstrapAdmin = Unary<BootstrapAdminRequest, BootstrapAdminResponse>;

/** Makes the first administrator, once. */
export function bootstrapAdmin({ users, credentials, ids }: Needs): BootstrapAdmin {
  return async ({ bootstrapToken, name }, call) => {
    if (await users.isBootstrapped()) throw alreadyBootstrapped();
    if (!credentials.isBootstrapToken(bootstrapToken)) throw credentialInvalid();

    const id = ids.make('usr');
    const { secret, ...kept } = credentials.mint('user');
    const key = {
      id: ids.make('apk'),
      userId: id,
      name: 'bootstrap',
      expiresAt: null,
      scopes: [],
      madeWith: [],
      ...kept,
    };
    const user = await users.bootstrap({ id, name }, key);
    if (!user) throw alreadyBootstrapped();
    call.proved({ kind: 'user', id, admin: true, credentialIds: [key.id] });
    return { user: toUserMessage(user), apiKey: secret };
  };
}

function alreadyBootstrapped(): PublicError {
  const message = 'the mesh has an administrator already';
  return new PublicError('failed_precondition', 'ALREADY_BOOTSTRAPPED', message, {
    preconditions: [{ type: 'ALREADY_BOOTSTRAPPED', subject: 'mesh', description: message }],
  });
}
