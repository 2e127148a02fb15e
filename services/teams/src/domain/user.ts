import { requireName } from './name.js';

/** A person who uses the mesh. */
export interface User {
  readonly id: string;
  readonly name: string;
  /** Whether the user administers the mesh. */
  readonly admin: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly revision: number;
}

/** A user as they are when they have just been created. Throws REQUEST_INVALID for a bad name. */
export function newUser(wish: Pick<User, 'id' | 'name' | 'admin'>, at: Date): User {
  requireName(wish.name);
  return { ...wish, createdAt: at, updatedAt: at, revision: 1 };
}
