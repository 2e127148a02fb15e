import { PublicError } from '@ramet/errors';
import type { HistoryEntry, HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  type AccessServiceService,
  EntitledKind,
  type Standing,
  StandingChanged,
  TeamRole,
} from '@ramet/proto-gen/teams.v1';
import type { Remote } from '@ramet/rpc';
import type { OwnerStanding, Teams, TeamsNews } from '../deps.js';
import type { CloneKind } from '../domain/clone.js';
import type { Membership } from '../domain/sight.js';
import { fromOwnerMessage, toOwnerMessage } from '../messages.js';
import { fromSourceMessage } from '../spec-messages.js';
import { passedOn } from './refusal.js';

const PAGE = 500;

const ROLE = {
  [TeamRole.UNSPECIFIED]: 'MEMBER',
  [TeamRole.MEMBER]: 'MEMBER',
  [TeamRole.ADMIN]: 'ADMIN',
  [TeamRole.OWNER]: 'OWNER',
} as const satisfies Record<TeamRole, Membership['role']>;

const ENTITLED: Readonly<Record<EntitledKind, readonly CloneKind[]>> = {
  [EntitledKind.UNSPECIFIED]: [],
  [EntitledKind.BOT]: ['BOT'],
  [EntitledKind.WORKFLOW]: ['WORKFLOW'],
  [EntitledKind.ENVIRONMENT]: ['ENVIRONMENT'],
  [EntitledKind.INSTANCE]: ['INSTANCE'],
};

/** Teams, as lifecycle knows it. */
export function teamsOver(
  access: Remote<typeof AccessServiceService>,
  history: Remote<typeof HistoryServiceService>,
): Teams {
  return {
    async listMemberships(userId) {
      const { memberships } = await asked(access.listMemberships({ userId }));
      return memberships.map(({ teamId, role }) => ({ teamId, role: ROLE[role] }));
    },
    async admit({ userId, owner, botId }) {
      const wish = { userId, botId, owner: toOwnerMessage(owner) };
      const { teamId, source, standing } = await asked(access.checkCloneAdmission(wish));
      return { teamId, source: fromSourceMessage(source), entitled: entitledOf(standing) };
    },
    async admitOwner({ userId, owner }) {
      const ownerIds = [...new Set([owner.id, userId])];
      const { standings, accessListEnabled } = await asked(access.getStandings({ ownerIds }));
      for (const standing of standings) requireNotDenied(standing);
      const own = standings.find((standing) => fromOwnerMessage(standing.owner)?.id === owner.id);
      if (accessListEnabled && !own?.access) throw notAdmitted(owner.id);
      return { teamId: '', entitled: entitledOf(own) };
    },
    async readHistory(after, signal) {
      const { entries } = await history.readHistory({ after, pageSize: PAGE }, { signal });
      return entries.map(toNews);
    },
  };
}

async function asked<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (thrown) {
    throw passedOn('teams', thrown);
  }
}

function requireNotDenied({ owner, denial }: Standing): void {
  if (!denial) return;
  const id = owner?.owner?.value ?? '';
  const message = `nothing is admitted for ${id}: ${denial.reason}`;
  throw new PublicError('permission_denied', 'OWNER_DENIED', message, {
    metadata: { owner_id: id },
  });
}

function notAdmitted(id: string): PublicError {
  const message = `only owners on the access list may have clones: ${id}`;
  return new PublicError('permission_denied', 'OWNER_NOT_ADMITTED', message, {
    metadata: { owner_id: id },
  });
}

function entitledOf(standing: Standing | undefined): readonly CloneKind[] {
  return standing?.access?.kinds.flatMap((kind) => ENTITLED[kind]) ?? [];
}

function toNews({ position, payload, kind }: HistoryEntry): TeamsNews {
  if (!kind.startsWith('standing.')) return { position };
  const standing = toStanding(StandingChanged.decode(payload).standing);
  return { position, ...(standing && { standing }) };
}

function toStanding(standing: Standing | undefined): OwnerStanding | undefined {
  const owner = fromOwnerMessage(standing?.owner);
  if (!standing || !owner) return undefined;
  return {
    owner,
    isDenied: standing.denial !== undefined,
    reason: standing.reason,
    entitled: entitledOf(standing),
    actor: standing.actor,
  };
}
