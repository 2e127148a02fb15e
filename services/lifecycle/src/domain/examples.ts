import { type Clone, type Execution, newClone } from './clone.js';
import { DEADLINES, type Phase } from './phases.js';

/** A moment for tests. */
export const NOON = new Date('2026-01-02T12:00:00Z');

/** A moment some time after noon. */
export function afterNoon(ms: number): Date {
  return new Date(NOON.getTime() + ms);
}

/** A clone as it was just accepted, with a key. */
const ACCEPTED: Clone = newClone(
  {
    id: 'cln_00000000000000000000000001',
    name: '',
    owner: { kind: 'user', id: 'usr_00000000000000000000000001' },
    creatorId: 'usr_00000000000000000000000001',
    botId: 'bot_00000000000000000000000001',
    teamId: 'tem_00000000000000000000000001',
    keyId: 'key_00000000000000000000000001',
    parameters: [],
    limits: {},
    labels: {},
    source: { kind: 'process', bundle: 'trader', command: ['node'], revision: 1 },
  },
  NOON,
  DEADLINES,
);

/** An execution that was never seen to run. */
export const EXECUTION: Execution = {
  id: 'exe_00000000000000000000000001',
  cloneId: ACCEPTED.id,
  epoch: 1,
  createdAt: NOON,
};

const WITHOUT_DEADLINE: readonly Phase[] = ['COMPLETED', 'STOPPED', 'FAILED', 'DELETED'];
const NEVER_RUN: readonly Phase[] = ['ACCEPTED', 'PREPARING', 'PROVISIONING'];

/** A clone in a phase as it usually gets there. */
export function cloneIn(phase: Phase, change: Partial<Clone> = {}): Clone {
  const { deadlineAt: _, ...accepted } = ACCEPTED;
  const isBegun = phase !== 'ACCEPTED';
  const execution = NEVER_RUN.includes(phase) ? EXECUTION : { ...EXECUTION, startedAt: NOON };
  return {
    ...accepted,
    phase,
    ...(!WITHOUT_DEADLINE.includes(phase) && { deadlineAt: afterNoon(60_000) }),
    ...(isBegun && { epoch: 1, execution }),
    ...change,
  };
}
