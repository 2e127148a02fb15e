import { notFound } from '@ramet/errors';
import { HistoryServiceService as History, HistoryEntry } from '@ramet/proto-gen/history.v1';
import {
  Clone,
  type Clone as CloneMessage,
  ClonePhase,
  CloneDirectoryServiceService as Directory,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  AccessServiceService as Access,
  type TeamRole,
  TeamServiceService as Teams,
} from '@ramet/proto-gen/teams.v1';
import { type Contract, implement, serve } from '@ramet/rpc';
import { Scope, systemClock } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import { callerIn } from './callers.js';

/** What the played lifecycle and teams say, for a test to set. */
export interface PeerState {
  readonly clones: Map<string, CloneMessage>;
  /** The roles of users, by `<team>/<user>`. */
  readonly roles: Map<string, TeamRole>;
  /** Runs before lifecycle answers, while keys waits. */
  whileAsked: () => Promise<void>;
  asked: number;
  /** Users who are disabled. */
  readonly disabled: Set<string>;
  /** What has happened at teams: the kind, and the thing that it happened to. */
  readonly news: (readonly [kind: string, aggregateId: string])[];
  /** Runs before teams says who is in a team, while keys waits. */
  whileRoleAsked: () => Promise<void>;
}

/** Lifecycle and teams, played: real servers with two or three RPCs each. */
export interface PlayedPeers extends AsyncDisposable {
  readonly state: PeerState;
  readonly lifecycleAddress: string;
  readonly teamsAddress: string;
}

/** Starts the played peers. */
export async function startPeers(contract: Contract, logger: Logger): Promise<PlayedPeers> {
  await using scope = new Scope();
  const state: PeerState = {
    clones: new Map(),
    roles: new Map(),
    whileAsked: async () => undefined,
    asked: 0,
    disabled: new Set(),
    news: [],
    whileRoleAsked: async () => undefined,
  };
  const common = { host: '127.0.0.1', port: 0, contract, logger, clock: systemClock };
  const authenticate = callerIn;
  const lifecycle = scope.use(
    await serve({ ...common, authenticate, services: [directoryOf(state)] }),
  );
  const teams = scope.use(await serve({ ...common, authenticate, services: teamsOf(state) }));
  const running = scope.move();
  return {
    state,
    lifecycleAddress: lifecycle.address,
    teamsAddress: teams.address,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function directoryOf(state: PeerState) {
  return implement(
    { getCloneTeamAndBot: Directory.getCloneTeamAndBot },
    {
      getCloneTeamAndBot: async ({ cloneId }) => {
        state.asked += 1;
        await state.whileAsked();
        const clone = state.clones.get(cloneId);
        if (!clone) throw notFound('clone', cloneId);
        return { clone };
      },
    },
  );
}

function teamsOf(state: PeerState) {
  const { roles, news, disabled } = state;
  return [
    implement(
      { listTeamMembers: Teams.listTeamMembers },
      {
        listTeamMembers: async ({ teamId, userId }, { caller }) => {
          const asker = caller.onBehalfOf ?? '';
          if (disabled.has(asker) || !roles.has(`${teamId}/${asker}`))
            throw notFound('team', teamId);
          const role = roles.get(`${teamId}/${userId}`);
          const member = { teamId, userId, userName: 'somebody', createTime: undefined };
          await state.whileRoleAsked();
          return { members: role ? [{ ...member, role }] : [], nextPageToken: '' };
        },
      },
    ),
    implement(
      { listMemberships: Access.listMemberships },
      {
        listMemberships: async ({ userId }) => ({
          memberships: [...roles].flatMap(([name, role]) => {
            const [teamId = '', member] = name.split('/');
            return member === userId ? [{ teamId, role }] : [];
          }),
          inactive: disabled.has(userId),
        }),
      },
    ),
    implement(
      { readHistory: History.readHistory },
      {
        readHistory: async ({ after }) => ({
          entries: news.slice(Number(after)).map(([kind, aggregateId], place) => ({
            ...HistoryEntry.decode(new Uint8Array()),
            ...{ position: after + BigInt(place + 1), kind, aggregateId },
          })),
        }),
      },
    ),
  ];
}

/** A clone as lifecycle tells of it, with what a test says of it. */
export function cloneMessage(clone: Partial<CloneMessage>): CloneMessage {
  const empty = Clone.decode(new Uint8Array());
  return { ...empty, phase: ClonePhase.PREPARING, epoch: 1, ...clone };
}
