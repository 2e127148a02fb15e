import { EntitySchema } from 'typeorm';
import type { ApiKey } from '../domain/api-key.js';

/** How an ApiKey lies in Postgres. The hash of the key itself is read by nobody but the exchange. */
export const ApiKeyTable = new EntitySchema<ApiKey & { readonly hash: Buffer }>({
  name: 'api_key',
  columns: {
    id: { type: 'text', primary: true, collation: 'C' },
    userId: { type: 'text', name: 'user_id', collation: 'C' },
    name: { type: 'text' },
    prefix: { type: 'text' },
    hash: { type: 'bytea', select: false },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    expiresAt: { type: 'timestamptz', name: 'expires_at', nullable: true },
    madeWith: { type: 'text', name: 'made_with', array: true, default: [] },
    lastUsedAt: { type: 'timestamptz', name: 'last_used_at', nullable: true },
    scopes: { type: 'text', array: true, default: [] },
    revokedAt: { type: 'timestamptz', name: 'revoked_at', nullable: true },
  },
});
