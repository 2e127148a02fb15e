// Goal: who may not see a clone finds nothing, and only who may call an RPC gets further.
// Method: every RPC, by callers of every standing, against one table that has to be complete.

import assert from 'node:assert/strict';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  type Clone,
  CloneDirectoryServiceService,
  CloneServiceService,
  CloneView,
  ExecutionReportServiceService,
  UpdateCloneRequest,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import {
  createRunning,
  executionOf,
  QUIET_BEAT,
  QUIET_END,
  reasonOf,
  WHOLE_PAST,
} from './testing/steps.js';

const STANDINGS = [
  'owner',
  'admin',
  'member',
  'overseer',
  'stranger',
  'anonymous',
  'keys',
  'teams',
  'runner',
  'other runner',
] as const;

type Standing = (typeof STANDINGS)[number];

/** A clone that somebody asks about, and its bot. */
interface About {
  readonly clone: Clone;
  readonly crew: Crew;
}

type Call = (api: Api, about: About) => Promise<unknown>;
type Verdicts = Readonly<Record<Standing, string>>;

const DENIED = 'PERMISSION_DENIED';
const MISSING = 'CLONE_NOT_FOUND';
const WHO = 'TOKEN_MISSING';
const PAGE = { pageSize: 0, pageToken: '' };

/** For people: what owner, admin, member, overseer and stranger get. Others are not let in. */
function people(owner: string, admin: string, member: string, overseer: string, stranger: string) {
  const others = { keys: DENIED, teams: DENIED, runner: DENIED, 'other runner': DENIED };
  return { owner, admin, member, overseer, stranger, anonymous: WHO, ...others };
}

/** For one service alone. */
function only(service: 'keys' | 'teams'): Verdicts {
  return { ...people(DENIED, DENIED, DENIED, DENIED, DENIED), [service]: 'ok' };
}

/** For runners: each speaks of its own execution. */
function runners(own: string): Verdicts {
  const nobody = people(DENIED, DENIED, DENIED, DENIED, DENIED);
  return { ...nobody, runner: own, 'other runner': 'EXECUTION_NOT_FOUND' };
}

const SEEN = people('ok', 'ok', MISSING, 'ok', MISSING);

/** Who may do something to a clone, which they have not read as it is. */
const STALE = people('ETAG_STALE', 'ETAG_STALE', MISSING, 'ETAG_STALE', MISSING);
const DOING = { etag: 'stale', requestId: '' };

/** What everybody gets who asks about a clone of a team. */
const TABLE: Readonly<Record<string, readonly [Call, Verdicts]>> = {
  GetClone: [({ clones }, { clone }) => clones.getClone({ id: clone.id, asOf: undefined }), SEEN],
  WaitClone: [
    ({ clones }, { clone }) => clones.waitClone({ id: clone.id, phases: [clone.phase] }),
    SEEN,
  ],
  GetCloneExecutionInformation: [
    ({ clones }, { clone }) =>
      clones.getCloneExecutionInformation({ cloneId: clone.id, executionId: '' }),
    SEEN,
  ],
  ListCloneHistory: [
    ({ clones }, { clone }) =>
      clones.listCloneHistory({ cloneId: clone.id, ...PAGE, ...WHOLE_PAST }),
    SEEN,
  ],
  UpdateClone: [
    ({ clones }, { clone }) =>
      clones.updateClone({
        ...UpdateCloneRequest.fromPartial({ id: clone.id }),
        ...DOING,
        updateMask: ['labels'],
      }),
    STALE,
  ],
  RestartClone: [
    ({ clones }, { clone }) => clones.restartClone({ id: clone.id, ...DOING, resume: true }),
    STALE,
  ],
  SuspendClone: [
    ({ clones }, { clone }) => clones.suspendClone({ id: clone.id, etag: 'stale' }),
    STALE,
  ],
  ArchiveClone: [
    ({ clones }, { clone }) => clones.archiveClone({ id: clone.id, etag: 'stale' }),
    STALE,
  ],
  ExplainClone: [({ clones }, { clone }) => clones.explainClone({ id: clone.id }), SEEN],
  DiffClone: [
    ({ clones }, { clone }) => {
      const a = { moment: { $case: 'seq', value: 1 } } as const;
      return clones.diffClone({ id: clone.id, a, b: undefined });
    },
    SEEN,
  ],
  ListCloneExecutions: [
    ({ clones }, { clone }) => clones.listCloneExecutions({ cloneId: clone.id, ...PAGE }),
    SEEN,
  ],
  StreamCloneLogs: [
    ({ clones }, { clone }) =>
      drain(
        clones.streamCloneLogs({ cloneId: clone.id, executionId: '', follow: false, tailLines: 0 }),
      ),
    SEEN,
  ],
  ListClones: [
    async ({ clones }, { clone }) => {
      const asked = { owner: undefined, view: CloneView.ACTIVE, ...PAGE, filter: '', orderBy: '' };
      const listed = await clones.listClones(asked);
      if (!listed.clones.some(({ id }) => id === clone.id)) throw new Unseen();
    },
    people('ok', 'ok', 'unseen', 'ok', 'unseen'),
  ],
  WatchClones: [
    async ({ clones }, { clone }) => {
      const watch = clones.watchClones(WatchClonesRequest.fromPartial({}));
      for await (const { event } of watch) {
        if (event?.$case === 'snapshot' && event.value.id === clone.id) return;
        if (event?.$case === 'checkpoint') throw new Unseen();
      }
    },
    people('ok', 'ok', 'unseen', 'ok', 'unseen'),
  ],
  GetQuota: [
    ({ clones }, { clone }) => clones.getQuota({ owner: clone.owner }),
    people('ok', 'ok', DENIED, 'ok', DENIED),
  ],
  CreateClone: [
    (api, { clone, crew }) =>
      createClone(api, { botId: crew.bot.id, owner: clone.owner, validateOnly: true }),
    people('ok', 'ok', DENIED, DENIED, 'BOT_NOT_FOUND'),
  ],
  UpdateExecution: [
    ({ reports }, { clone }) =>
      reports.updateExecution({
        ...QUIET_BEAT,
        ...executionOf(clone),
        instance: 'runner-1',
        started: false,
        progress: undefined,
      }),
    runners('ok'),
  ],
  CompleteCloneExecution: [
    ({ reports }, { clone }) =>
      reports.completeCloneExecution({ ...QUIET_END, ...executionOf(clone), report: undefined }),
    runners('ok'),
  ],
  GetCloneTeamAndBot: [
    ({ directory }, { clone }) => directory.getCloneTeamAndBot({ cloneId: clone.id }),
    only('keys'),
  ],
  CheckEpoch: [
    ({ directory }, { clone }) =>
      directory.checkEpoch({ cloneId: clone.id, ...executionOf(clone) }),
    only('teams'),
  ],
  ReadHistory: [
    ({ history }) => history.readHistory({ after: 0n, pageSize: 1 }),
    { ...only('keys'), teams: 'ok' },
  ],
  StopClone: [
    ({ clones }, { clone }) => clones.stopClone({ id: clone.id, etag: '', external: undefined }),
    SEEN,
  ],
  DeleteClone: [({ clones }, { clone }) => clones.deleteClone({ id: clone.id, etag: '' }), SEEN],
};

/** What a personal clone is to its bot's team: nothing, but for its owner. */
const PERSONAL = people('ok', MISSING, MISSING, 'ok', MISSING);

class Unseen extends Error {}

describe('access to clones', () => {
  let house: House;
  let crew: Crew;
  let callers: Readonly<Record<Standing, Api>>;
  let teamClone: Clone;
  let ownClone: Clone;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('access');
    const owner = house.as(crew.owner.token);
    teamClone = await createRunning(house, owner, { botId: crew.bot.id, ownerId: crew.team.id });
    ownClone = await createRunning(house, owner, { botId: crew.bot.id, ownerId: crew.owner.id });
    callers = {
      owner,
      admin: house.as(crew.admin.token),
      member: house.as(crew.member.token),
      overseer: house.as((await house.teams.admin()).token),
      stranger: house.as((await house.teams.createUser('stranger')).token),
      anonymous: house.as(''),
      keys: house.as(await house.teams.serviceToken('keys')),
      teams: house.as(await house.teams.serviceToken('teams')),
      runner: await house.asRunner(teamClone),
      'other runner': await house.asRunner(ownClone),
    };
  });
  after(() => house[Symbol.asyncDispose]());

  it('is said for every RPC', () => {
    const services = [
      CloneServiceService,
      ExecutionReportServiceService,
      CloneDirectoryServiceService,
      HistoryServiceService,
    ];
    const methods = services.flatMap((service) =>
      Object.values(service).map(({ path }) => path.split('/').at(-1)),
    );
    assert.deepEqual(Object.keys(TABLE).sort(), methods.sort());
  });

  for (const [method, [call, verdicts]] of Object.entries(TABLE)) {
    it(`${method} tells of a team's clone who runs the team`, async () => {
      const got: Partial<Record<Standing, string>> = {};
      for (const standing of STANDINGS) {
        got[standing] = await outcome(call(callers[standing], { clone: teamClone, crew }));
      }
      assert.deepEqual(got, verdicts);
    });
  }

  for (const method of ['GetClone', 'ListCloneHistory', 'StreamCloneLogs', 'StopClone'] as const) {
    it(`${method} tells of a personal clone its owner alone`, async () => {
      const [call] = TABLE[method] ?? assert.fail();
      const got: Partial<Record<Standing, string>> = {};
      for (const standing of STANDINGS) {
        got[standing] = await outcome(call(callers[standing], { clone: ownClone, crew }));
      }
      assert.deepEqual(got, PERSONAL);
    });
  }

  it('is lost within a second of losing the role, by streams too', async () => {
    const { owner, admin } = callers;
    const clone = await createClone(owner, { botId: crew.bot.id, owner: ownerOf(crew.team.id) });
    const watch = admin.clones.watchClones(WatchClonesRequest.fromPartial({}));
    const watched = reasonOf(drain(watch));

    await owner.teams.removeTeamMember({ teamId: crew.team.id, userId: crew.admin.id });

    assert.equal(await watched, DENIED);
    assert.equal(await reasonOf(admin.clones.getClone({ id: clone.id, asOf: undefined })), MISSING);
  });
});

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    return await reasonOf(call);
  } catch (thrown) {
    if (thrown instanceof Unseen) return 'unseen';
    throw thrown;
  }
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
