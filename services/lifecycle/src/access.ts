import { type Bell, createBell } from '@ramet/database';
import { detached } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { Access, Admission, Admitted, Teams } from './deps.js';
import { type Membership, sees, sightOfUser } from './domain/sight.js';
import { ALL_TEMPLATES, templateSightOf } from './domain/template-sight.js';

/** How long an answer of teams may be used. */
const KEEP_MS = 1_000;
const MAX_KEPT = 10_000;

interface AccessOptions {
  readonly teams: Teams;
  readonly clock: Clock;
}

/** What callers may see and do, as teams says: asked again after a second, or when teams changes. */
export interface KeptAccess extends Access {
  /** Forgets everything, as teams has changed. */
  forget(): void;
}

/** Makes the one place where lifecycle keeps what teams says. */
export function createAccess({ teams, clock }: AccessOptions): KeptAccess {
  const changed: Bell = createBell();
  const memberships = createKept<string, readonly Membership[]>(clock, (userId) =>
    teams.listMemberships(userId),
  );
  const admissions = createKept<Admission, Admitted>(clock, (asked) => teams.admit(asked));
  return {
    changed,
    async sightOf({ id, admin }) {
      return admin ? 'all' : sightOfUser(id, await memberships.get(id, id));
    },
    async templateSightOf({ id, admin }) {
      return admin ? ALL_TEMPLATES : templateSightOf(id, await memberships.get(id, id));
    },
    admit(asked) {
      const { userId, owner, botId } = asked;
      return admissions.get(`${userId} ${owner.id} ${botId}`, asked);
    },
    admitOwner: (asked) => teams.admitOwner(asked),
    async manages(userId, owner) {
      return sees(sightOfUser(userId, await memberships.get(userId, userId)), owner.id);
    },
    forget() {
      memberships.clear();
      admissions.clear();
      changed.ring();
    },
  };
}

interface Kept<Question, Value> {
  get(key: string, question: Question): Promise<Value>;
  clear(): void;
}

/** Keeps answers for a second from when they were asked for. Who asks meanwhile shares the call. */
function createKept<Question, Value>(
  clock: Clock,
  ask: (question: Question) => Promise<Value>,
): Kept<Question, Value> {
  const answers = new Map<string, { readonly at: number; readonly value: Promise<Value> }>();

  function add(key: string, question: Question): Promise<Value> {
    // For all who ask meanwhile: it must not end with the call that happens to come first.
    const answer = { at: clock.elapsed(), value: detached(() => ask(question)) };
    if (answers.size >= MAX_KEPT) answers.clear();
    answers.set(key, answer);
    answer.value.catch(() => {
      if (answers.get(key) === answer) answers.delete(key);
    });
    return answer.value;
  }

  return {
    get(key, question) {
      const answer = answers.get(key);
      if (answer && clock.elapsed() - answer.at < KEEP_MS) return answer.value;
      return add(key, question);
    },
    clear: () => answers.clear(),
  };
}
