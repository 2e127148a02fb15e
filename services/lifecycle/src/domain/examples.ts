import { type Clone, type Execution, newClone, type StageStatus } from './clone.js';
import { DEADLINES, type Phase, REST_PHASES } from './phases.js';
import type { Release } from './release.js';
import type { Stage } from './spec.js';

/** A moment for tests. */
export const NOON = new Date('2026-01-02T12:00:00Z');

/** A moment some time after noon. */
export function afterNoon(ms: number): Date {
  return new Date(NOON.getTime() + ms);
}

/** A stage that runs a program. */
export function stageOf(name: string, change: Partial<Stage> = {}): Stage {
  const source = {
    kind: 'process',
    bundle: 'trader',
    tag: '',
    command: ['node'],
    revision: 1,
  } as const;
  return {
    name,
    work: { kind: 'source', source },
    always: false,
    oncePerRelease: false,
    limits: {},
    ports: [],
    ...change,
  };
}

/** A release of some stages. */
export function releaseOf(...stages: readonly Stage[]): Release {
  return {
    number: 1,
    templateRevision: 0,
    tag: '',
    parameters: [],
    overrides: [],
    limits: {},
    stages,
  };
}

/** A clone as it was just accepted, with a key. */
const ACCEPTED: Clone = newClone(
  {
    id: 'cln_00000000000000000000000001',
    name: '',
    kind: 'BOT',
    owner: { kind: 'user', id: 'usr_00000000000000000000000001' },
    creatorId: 'usr_00000000000000000000000001',
    botId: 'bot_00000000000000000000000001',
    teamId: 'tem_00000000000000000000000001',
    keyId: 'key_00000000000000000000000001',
    templateId: '',
    release: releaseOf(stageOf('main')),
    inputs: [],
    externalRef: '',
    privateResults: false,
    policy: {},
    labels: {},
    action: { id: 'act_00000000000000000000000001', name: 'clones.create' },
    isEntitled: false,
  },
  NOON,
  DEADLINES,
);

/** An execution that was never seen to run. */
export const EXECUTION: Execution = {
  id: 'exe_00000000000000000000000001',
  cloneId: ACCEPTED.id,
  epoch: 1,
  stage: 'main',
  release: 1,
  createdAt: NOON,
};

const ACTIVE: StageStatus = {
  name: 'main',
  state: 'ACTIVE',
  executionId: EXECUTION.id,
  epoch: 1,
  executions: 1,
  always: false,
};

const NEVER_RUN: readonly Phase[] = ['ACCEPTED', 'PREPARING', 'PROVISIONING'];

/** A clone in a phase as it usually gets there. */
export function cloneIn(phase: Phase, change: Partial<Clone> = {}): Clone {
  const { deadlineAt: _, ...accepted } = ACCEPTED;
  const isBegun = phase !== 'ACCEPTED';
  const hasRun = !NEVER_RUN.includes(phase);
  const execution = hasRun ? { ...EXECUTION, startedAt: NOON } : EXECUTION;
  const isResting = (REST_PHASES as readonly Phase[]).includes(phase);
  const isPuttingDown = phase === 'SUSPENDING' || phase === 'ARCHIVING';
  return {
    ...accepted,
    phase,
    ...(!isResting && { deadlineAt: afterNoon(60_000) }),
    ...(isBegun && { epoch: 1, runEpoch: 1, execution, stages: [ACTIVE] }),
    ...(hasRun && { startedAt: NOON, provenRelease: 1 }),
    ...(isPuttingDown && { formerPhase: 'RUNNING' as const }),
    ...change,
  };
}
