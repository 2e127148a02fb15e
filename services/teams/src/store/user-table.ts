import { EntitySchema } from 'typeorm';
import type { User } from '../domain/user.js';

/** How a User lies in Postgres. migrations/0001_teams.sql has the constraints and why. */
export const UserTable = new EntitySchema<User & { readonly hash: Buffer }>({
  name: 'mesh_user',
  columns: {
    id: { type: 'text', primary: true, collation: 'C' },
    name: { type: 'text', collation: 'C' },
    admin: { type: 'boolean' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    updatedAt: { type: 'timestamptz', name: 'updated_at' },
    revision: { type: 'int', name: 'seq' },
    hash: { type: 'bytea', select: false },
  },
});
