import { EntitySchema } from 'typeorm';
import type { User } from '../domain/user.js';

/** How a User lies in Postgres. migrations/0001_teams.sql has the constraints and why. */
export const UserTable = new EntitySchema<User & { readonly hash: Buffer }>({
  name: 'mesh_user',
  columns: {
    id: { type: 'text', primary: true, collation: 'C' },
    name: { type: 'text', collation: 'C' },
    admin: { type: 'boolean' },
    teamId: { type: 'text', name: 'team_id', collation: 'C', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    updatedAt: { type: 'timestamptz', name: 'updated_at' },
    disabledAt: { type: 'timestamptz', name: 'disabled_at', nullable: true },
    disabledReason: { type: 'text', name: 'disabled_reason', nullable: true },
    deletedAt: { type: 'timestamptz', name: 'deleted_at', nullable: true },
    revision: { type: 'int', name: 'seq' },
    hash: { type: 'bytea', select: false },
  },
});
