import { denied } from '@ramet/errors';
import { CreateApiKeyRequest, type CreateApiKeyResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { isOfMachine, makersOf } from '../domain/api-key.js';
import { narrow, requireKnown } from '../domain/scope.js';
import { toApiKeyMessage } from '../messages.js';
import { askerOf, onceOf } from './asker.js';

type Needs = Pick<Deps, 'apiKeys' | 'credentials' | 'actions' | 'ids'>;
type CreateApiKey = Unary<CreateApiKeyRequest, CreateApiKeyResponse>;

/** Creates an API key that is good for no more than the caller's token, and shows it this once. */
export function createApiKey({ apiKeys, credentials, actions, ids }: Needs): CreateApiKey {
  return async (request, { caller }) => {
    if (isOfMachine(caller)) throw denied('api_keys.create', 'API keys are made by who logs in');
    requireKnown(request.scopes, { actions, field: 'scopes' });
    const { name, expireTime } = request;
    const { secret, ...kept } = credentials.mint('user');
    const wish = {
      id: ids.make('apk'),
      userId: request.userId || caller.id,
      name,
      expiresAt: expireTime ?? null,
      scopes: narrow(caller.scopes ?? [], request.scopes),
      madeWith: makersOf(caller),
      ...kept,
    };
    const once = onceOf('CreateApiKey', CreateApiKeyRequest, request);
    const { key, isNew } = await apiKeys.create(wish, askerOf(caller), once);
    return { apiKey: toApiKeyMessage(key), secret: isNew ? secret : '' };
  };
}
