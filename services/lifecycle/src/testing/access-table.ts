import {
  type Clone,
  type CloneResult,
  CloneView,
  UpdateCloneRequest,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Api, type Crew, createClone } from './house.js';
import { partsOf } from './results.js';
import { executionOf, QUIET_BEAT, QUIET_END, WHOLE_PAST } from './steps.js';

/** Everybody who may call. */
export const STANDINGS = [
  'owner',
  'admin',
  'member',
  'overseer',
  'stranger',
  'anonymous',
  'keys',
  'teams',
  'executor',
  'runner',
  'other runner',
] as const;

/** What a caller is to the team that has the clone. */
export type Standing = (typeof STANDINGS)[number];

/** A clone that somebody asks about, and its bot. */
interface About {
  readonly clone: Clone;
  readonly crew: Crew;
}

type Call = (api: Api, about: About) => Promise<unknown>;
type Verdicts = Readonly<Record<Standing, string>>;

/** What they hear who may not call at all. */
export const DENIED = 'PERMISSION_DENIED';
/** What they hear who may not see the clone. */
export const MISSING = 'CLONE_NOT_FOUND';
const WHO = 'TOKEN_MISSING';
const PAGE = { pageSize: 0, pageToken: '' };

const OTHERS = {
  ...{ anonymous: WHO, keys: DENIED, teams: DENIED, executor: DENIED },
  ...{ runner: DENIED, 'other runner': DENIED },
};

/** For people: what owner, admin, member, overseer and stranger get. Others are not let in. */
function people(owner: string, admin: string, member: string, overseer: string, stranger: string) {
  return { owner, admin, member, overseer, stranger, ...OTHERS };
}

/** For one service alone. */
function only(service: 'keys' | 'teams' | 'executor'): Verdicts {
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
export const TABLE: Readonly<Record<string, readonly [Call, Verdicts]>> = {
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
  ResumeClone: [
    ({ clones }, { clone }) => clones.resumeClone({ id: clone.id, etag: 'stale' }),
    STALE,
  ],
  RestoreClone: [
    ({ clones }, { clone }) => clones.restoreClone({ id: clone.id, etag: 'stale' }),
    STALE,
  ],
  ExtendClone: [
    ({ clones }, { clone }) => {
      const by = { seconds: 60n, nanos: 0 };
      return clones.extendClone({ id: clone.id, ...DOING, by, reason: 'as the test has it' });
    },
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
  UploadResult: [
    ({ reports }, { clone }) => reports.uploadResult(partsOf(clone, { name: 'out/empty.txt' })),
    runners('ok'),
  ],
  FetchInput: [
    ({ reports }, { clone }) =>
      drain(reports.fetchInput({ ...executionOf(clone), name: 'undeclared' })),
    runners('RESULT_NOT_FOUND'),
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
  GetExecutionSecrets: [
    ({ directory }, { clone }) =>
      directory.getExecutionSecrets({ cloneId: clone.id, ...executionOf(clone) }),
    only('executor'),
  ],
  ReadHistory: [
    ({ history }) => history.readHistory({ after: 0n, pageSize: 1 }),
    { ...only('keys'), teams: 'ok', executor: 'ok' },
  ],
  StopClone: [
    ({ clones }, { clone }) => clones.stopClone({ id: clone.id, etag: '', external: undefined }),
    SEEN,
  ],
  StopClones: [
    async ({ clones }, { clone }) =>
      wholly((await clones.stopClones({ ids: [clone.id], selection: undefined })).results),
    SEEN,
  ],
  DeleteClone: [({ clones }, { clone }) => clones.deleteClone({ id: clone.id, etag: '' }), SEEN],
  DeleteClones: [
    async ({ clones }, { clone }) =>
      wholly((await clones.deleteClones({ ids: [clone.id], selection: undefined })).results),
    SEEN,
  ],
};

/** What a personal clone is to its bot's team: nothing, but for its owner. */
export const PERSONAL = people('ok', MISSING, MISSING, 'ok', MISSING);

/** What was asked came back without the clone: `told` says how. */
export class Unseen extends Error {
  readonly told: string;

  constructor(told = 'unseen') {
    super(told);
    this.told = told;
  }
}

/** Each of many is told for itself: the first one that went wrong. */
function wholly(results: readonly CloneResult[]): void {
  const error = results.find((result) => result.error)?.error;
  if (error) throw new Unseen(error.reason);
}

/** Reads a stream to its end. */
export async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
