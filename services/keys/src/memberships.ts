import { detached } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { Role, Roles } from './domain/access.js';

type Read = (userId: string) => Promise<readonly (readonly [string, Role])[]>;

interface Known {
  readonly roles: Promise<Roles>;
  readonly until: number;
}

/** How old an answer may be. Teams unreachable beyond that means no. */
const TTL_MS = 1_000;
const MAX = 10_000;

/** The roles of users, as they were at most a second ago. */
export interface Memberships {
  rolesOf(userId: string): Promise<Roles>;
  /** Forgets all of them, because one may have changed. */
  forget(): void;
}

/** Remembers the roles of users for a second, and asks once for all who want to know. */
export function createMemberships(read: Read, clock: Clock): Memberships {
  const known = new Map<string, Known>();
  return {
    forget: () => known.clear(),
    rolesOf(userId) {
      const entry = known.get(userId);
      if (entry && entry.until > clock.elapsed()) return entry.roles;

      // For all who ask meanwhile: it must not end with the call that happens to come first.
      const roles = detached(() => read(userId)).then((memberships): Roles => new Map(memberships));
      // Counted from the question: what the answer says was so at some time after it.
      const fresh = { roles, until: clock.elapsed() + TTL_MS };
      known.delete(userId);
      known.set(userId, fresh);
      const [oldest] = known.keys();
      if (known.size > MAX && oldest !== undefined) known.delete(oldest);
      roles.catch(() => {
        if (known.get(userId) === fresh) known.delete(userId);
      });
      return roles;
    },
  };
}
