import { type Bus, type Consumer, type Database, startConsumer } from '@ramet/database';
import type { Deps } from '../deps.js';
import { type Creator, mayHaveRun, type TeamsNews } from '../domain/creator.js';

type Needs = Pick<
  Deps,
  'creatorGrants' | 'grants' | 'teams' | 'signingKeys' | 'drain' | 'clock' | 'logger'
>;

/** Where the position in the history of teams is kept, and what shortens the wait for news. */
interface Ports {
  readonly db: Database;
  readonly bus?: Bus;
}

/** What history says of a grant whose creator lost the right to have its clone run. */
const CREATOR_REMOVED = 'CREATOR_REMOVED';

/** Starts to follow teams: who loses the right to have a clone run loses its signatures. */
export function followTeams(deps: Needs & Ports): Consumer {
  const { teams, db, bus, clock, logger } = deps;
  return startConsumer<TeamsNews>({
    producer: 'teams',
    read: (after, signal) => teams.readNews(after, signal),
    handle: takeTeamsNews(deps),
    ...{ db, clock, logger, ...(bus && { bus }) },
  });
}

/**
 * Revokes the live grants of creators who may not have their clones run any more.
 *
 * News only says where to look: who may do what is asked of teams as it is now, as what a page tells
 * may have changed again. Safe to repeat.
 */
function takeTeamsNews(needs: Needs): (news: readonly TeamsNews[]) => Promise<void> {
  return async (news) => {
    let isAnyRevoked = false;
    for (const subject of new Set(news.flatMap(({ subjectId }) => subjectId ?? []))) {
      if (await lookAt(subject, needs)) isAnyRevoked = true;
    }
    if (isAnyRevoked) await needs.drain();
  };
}

/** Tells whether a grant was revoked. */
async function lookAt(subjectId: string, needs: Needs): Promise<boolean> {
  const { creatorGrants, grants, signingKeys, logger } = needs;
  const mayStill = rightsNow(needs);
  let count = 0;
  for (const { grant, creator } of await creatorGrants.look(subjectId)) {
    if (await mayStill(creator)) continue;
    await grants.revoke(grant, CREATOR_REMOVED, { actor: 'service:keys', cause: CREATOR_REMOVED });
    signingKeys.drop(grant.keyId);
    count += 1;
  }
  if (count > 0)
    logger.info('grants of a creator who was removed are revoked', { subjectId, count });
  return count > 0;
}

/** Asks once about each creator in each team. */
function rightsNow({ teams }: Needs): (creator: Creator) => Promise<boolean> {
  const asked = new Map<string, ReturnType<typeof teams.roleIn>>();
  return async (creator) => {
    const { creatorId, teamId } = creator;
    if (teamId === '') return teams.isActive(creatorId);
    const place = `${teamId}/${creatorId}`;
    const role = asked.get(place) ?? teams.roleIn(teamId, creatorId);
    asked.set(place, role);
    return mayHaveRun(creator, await role);
  };
}
