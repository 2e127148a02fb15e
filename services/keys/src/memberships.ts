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
      // All of it is: what is kept of a call that is over keeps the call.
      const roles = detached(async (): Promise<Roles> => new Map(await read(userId)));
      // Counted from the question: what the answer says was so at some time after it.
      const now = clock.elapsed();
      const fresh = { roles, until: now + TTL_MS };
      known.delete(userId);
      known.set(userId, fresh);
      for (const [id, { until }] of known) {
        if (until > now && known.size <= MAX) break;
        known.delete(id);
      }
      roles.catch(() => {
        if (known.get(userId) === fresh) known.delete(userId);
      });
      return roles;
    },
  };
}
