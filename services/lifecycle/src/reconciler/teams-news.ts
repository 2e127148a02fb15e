import { PublicError } from '@ramet/errors';
import type { Deps, OwnerStanding, TeamsNews } from '../deps.js';
import { EXPIRED } from '../domain/changes.js';
import { type Clone, later } from '../domain/clone.js';
import { withoutCondition } from '../domain/conditions.js';
import { DENIED_BY } from '../domain/explain-ends.js';
import { askToDelete, askToExpire } from '../domain/requests.js';

type Needs = Pick<Deps, 'clones' | 'reads' | 'quotas' | 'failpoints' | 'logger' | 'wake'>;

const ACTOR = 'service:lifecycle';

/**
 * Does what the lists of teams ask for: everything of an owner who is denied is deleted, and trials
 * of those who are entitled do not end.
 *
 * That an owner is denied is noted first, where creations look under a lock: whatever was created
 * before that is found here. Safe to repeat.
 */
export function takeTeamsNews(needs: Needs): (news: readonly TeamsNews[]) => Promise<void> {
  return async (news) => {
    for (const { standing } of news) {
      if (standing) await take(needs, standing);
    }
  };
}

async function take(needs: Needs, standing: OwnerStanding): Promise<void> {
  const { quotas, failpoints, logger, wake } = needs;
  const { owner, isDenied } = standing;
  await quotas.setDenied(owner.id, isDenied);
  failpoints.hit('lifecycle.standing_noted');
  const changes = await changeAll(needs, standing);
  logger.info('the standing of an owner has changed', { owner: owner.id, isDenied, changes });
  if (changes > 0) wake();
}

/** Changes all clones of an owner that it concerns, one after the other. Returns how many. */
async function changeAll(needs: Needs, standing: OwnerStanding): Promise<number> {
  let count = 0;
  let before: string | undefined;
  while (true) {
    const ids = await needs.reads.idsOf(standing.owner.id, before);
    for (const id of ids) {
      if (await changeOne(needs, id, standing)) count += 1;
    }
    before = ids.at(-1);
    if (before === undefined) return count;
  }
}

/** Tells whether the clone changed. One that there is no room for runs again when its owner asks. */
async function changeOne({ clones }: Needs, id: string, standing: OwnerStanding): Promise<boolean> {
  const kind = standing.isDenied ? 'clone.delete_requested' : 'clone.expiry_changed';
  const by = { kind, actor: ACTOR, cause: causeOf(standing), dueInMs: 0 };
  let isChanged = false;
  const change = (adapt: (next: Clone, clone: Clone) => Clone): Promise<Clone> =>
    clones.change(id, 'all', by, (clone, now) => {
      const next = changed(clone, standing, now);
      isChanged = next !== clone;
      return isChanged ? adapt(next, clone) : clone;
    });
  try {
    await change((next) => next);
  } catch (thrown) {
    if (!(thrown instanceof PublicError) || thrown.reason !== 'QUOTA_EXCEEDED') throw thrown;
    await change((next, { desired }) => ({ ...next, desired, reason: '' }));
  }
  return isChanged;
}

function causeOf({ isDenied, reason, actor }: OwnerStanding): string {
  return `${isDenied ? DENIED_BY : 'access by '}${actor}: ${reason}`;
}

function changed(clone: Clone, { isDenied, entitled }: OwnerStanding, now: Date): Clone {
  if (isDenied) return clone.desired === 'DELETED' ? clone : askToDelete(clone, now);
  if (clone.desired === 'DELETED') return clone;
  const { expireAfterMs } = clone.policy;
  if (expireAfterMs === undefined) return clone;
  if (entitled.includes(clone.kind)) {
    return clone.expireAt ? askToExpire(clone, undefined, now) : clone;
  }
  // What was never bounded, since its owner was entitled, has its trial from now on.
  if (clone.expireAt) return clone;
  return { ...withoutCondition(clone, EXPIRED), expireAt: later(now, expireAfterMs) };
}
