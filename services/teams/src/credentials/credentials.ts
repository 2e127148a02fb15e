import type { Secret } from '@ramet/config';
import type { Ids } from '@ramet/service';
import type { Credentials } from '../deps.js';
import { isApiKey } from '../domain/api-key.js';
import type { ApiKeys } from '../store/api-keys.js';
import type { KeyUses } from '../store/key-uses.js';
import { hashOf, mintApiKey } from './minter.js';
import { isSameSecret, type ServiceKeys } from './service-keys.js';

interface CredentialsOptions {
  readonly bootstrapToken: Secret;
  readonly serviceKeys: ServiceKeys;
  readonly apiKeys: ApiKeys;
  readonly keyUses: KeyUses;
  readonly ids: Ids;
}

/** Joins what the operator put in files with what is kept in the database. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { bootstrapToken, serviceKeys, apiKeys, keyUses, ids } = options;
  return {
    async identify(apiKey, tell) {
      const hash = hashOf(apiKey);
      const service = serviceKeys.find(hash);
      if (service !== undefined) {
        tell({ kind: 'service', id: service });
        return { kind: 'service', name: service };
      }
      // Nobody is asked about what cannot be a key.
      const user = isApiKey(apiKey) ? await apiKeys.findUser(hash, tell) : undefined;
      if (!user) return undefined;
      const { userId: id, admin, version, apiKeyId, madeWith, scopes } = user;
      keyUses.note(apiKeyId);
      return { kind: 'user', id, admin, version, credentialIds: [apiKeyId, ...madeWith], scopes };
    },
    isBootstrapToken: (text) => isSameSecret(text, bootstrapToken.text()),
    mint: (kind) => mintApiKey(kind, ids),
    hashOf,
  };
}
