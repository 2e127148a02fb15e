import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CAUSES, type Cause, type CauseCode } from './causes.js';
import { type Circumstances, shortageOf } from './circumstances.js';
import type { Clone } from './clone.js';
import { afterNoon, cloneIn, EXECUTION, NOON, releaseOf, stageOf } from './examples.js';
import { explain } from './explain.js';
import type { Workload } from './outcome.js';
import { PHASES } from './phases.js';
import { readProblem, writeProblem } from './problem.js';
import { NO_HOLDS } from './quota.js';
import { OF_SIGNING } from './signing.js';

const DOCUMENT = new URL('../../../../docs/explain.md', import.meta.url);

const CALM: Circumstances = { now: afterNoon(1_000), attempt: 0 };
const PENDING: Workload = { state: 'PENDING' };
const RUNS: Workload = { state: 'RUNNING', startedAt: NOON };
const EXIT = { kind: 'EXITED', exitCode: 0, signal: '', message: '' } as const;
const EXITED: Workload = { state: 'EXITED', exit: EXIT, startedAt: NOON, endedAt: NOON };
const PROBED = {
  release: releaseOf(stageOf('main', { probe: { check: { kind: 'tcp', port: 'web' } } as never })),
};
const UNWELL = { ready: false, message: 'connection refused', sinceAt: NOON };
const SHORT = { resource: 'clones', limit: 1n, used: 1n, more: 1n } as const;
const GIVEN_UP = 'it was FINALIZING for too long: keys UNAVAILABLE: no connection';

function because(text: string): Circumstances {
  const problem = readProblem(text);
  return { ...CALM, attempt: 3, dueAt: afterNoon(4_000), ...(problem && { problem }) };
}

function refused(text: string): Circumstances {
  return { ...CALM, refusals: [readProblem(text) ?? assert.fail(text)] };
}

function failed(reason: string, change: Partial<Clone> = {}): Clone {
  return cloneIn('FAILED', { reason, message: 'as it was seen', ...change });
}

function told(type: string, change: Partial<Clone> = {}, message = ''): Clone {
  return cloneIn('RUNNING', { conditions: [{ type, message, sinceAt: NOON }], ...change });
}

const ENDED = cloneIn('COMPLETED');
const WELL = cloneIn('RUNNING');
const MADE = cloneIn('PROVISIONING');
const GONE = cloneIn('DELETED', { desired: 'DELETED', deletedAt: NOON });

/** A clone with what is around it, and the same when what was in its way is gone. */
type Case = readonly [CauseCode, Clone, Circumstances, Clone, Circumstances];

const CASES: readonly Case[] = [
  ['IN_PROGRESS', cloneIn('ACCEPTED'), CALM, WELL, CALM],
  ['RUNNING_WELL', WELL, CALM, WELL, { ...CALM, health: UNWELL }],
  ['UNAVAILABLE', WELL, { ...CALM, health: UNWELL }, WELL, CALM],
  ['UNAVAILABLE', told('UNAVAILABLE'), CALM, told('AVAILABLE'), CALM],
  ['COMPLETED', ENDED, CALM, cloneIn('COMPLETED', { restart: 'keep' }), CALM],
  ['STOPPED', cloneIn('STOPPED'), CALM, cloneIn('STOPPED', { restart: 'keep' }), CALM],
  ['FAILED', failed('LOST'), CALM, failed('LOST', { restart: 'fresh' }), CALM],
  [
    'SUSPENDED',
    cloneIn('SUSPENDED', { desired: 'SUSPENDED' }),
    CALM,
    cloneIn('SUSPENDED', { desired: 'RUNNING' }),
    CALM,
  ],
  [
    'ARCHIVED',
    cloneIn('ARCHIVED', { desired: 'ARCHIVED' }),
    CALM,
    cloneIn('ARCHIVED', { desired: 'RUNNING' }),
    CALM,
  ],
  ['DELETED', GONE, CALM, cloneIn('DELETING', { desired: 'DELETED' }), CALM],
  ['CLEANUP_FAILED', cloneIn('CLEANUP_FAILED'), CALM, cloneIn('DELETING'), CALM],
  [
    'WAITING_FOR_CLAIM',
    MADE,
    { ...CALM, workload: PENDING },
    MADE,
    { ...CALM, workload: RUNS, claimedAt: NOON },
  ],
  [
    'WAITING_FOR_PROBE',
    cloneIn('PROVISIONING', PROBED),
    { ...CALM, workload: RUNS, claimedAt: NOON, health: UNWELL },
    cloneIn('PROVISIONING', PROBED),
    { ...CALM, workload: RUNS, claimedAt: NOON, health: { ready: true, message: '' } },
  ],
  [
    'WAITING_FOR_GRACE',
    cloneIn('STOPPING'),
    { ...CALM, workload: { state: 'STOPPING' } },
    cloneIn('STOPPING'),
    { ...CALM, workload: EXITED },
  ],
  [
    'WAITING_FOR_REMOVAL',
    cloneIn('DELETING'),
    { ...CALM, workload: EXITED },
    cloneIn('DELETING'),
    { ...CALM, workload: { state: 'REMOVED' } },
  ],
  [
    'BACK_OFF',
    cloneIn('PROVISIONING', { execution: { ...EXECUTION, notBefore: afterNoon(5_000) } }),
    CALM,
    cloneIn('PROVISIONING', { execution: { ...EXECUTION, notBefore: afterNoon(500) } }),
    CALM,
  ],
  ['RETRYING', MADE, because('lifecycle INTERNAL: a bug'), MADE, CALM],
  [
    'RECONCILER_LATE',
    MADE,
    { ...CALM, now: afterNoon(60_000), dueAt: NOON },
    MADE,
    { ...CALM, dueAt: NOON },
  ],
  ['DEADLINE', MADE, CALM, ENDED, CALM],
  ['KEYS_AWAY', MADE, because('keys UNAVAILABLE: no connection'), MADE, CALM],
  ['KEYS_AWAY', cloneIn('PREPARING'), { ...CALM, key: 'away' }, cloneIn('PREPARING'), CALM],
  ['TEAMS_AWAY', MADE, because('teams DEADLINE_EXCEEDED: too slow'), MADE, CALM],
  ['EXECUTOR_AWAY', MADE, because('executor UNAVAILABLE: no connection'), MADE, CALM],
  ['EXECUTOR_AWAY', WELL, { ...CALM, workload: 'away' }, WELL, { ...CALM, workload: RUNS }],
  ['HOST_AWAY', MADE, because('host UNAVAILABLE PEER_UNAVAILABLE: host is full'), MADE, CALM],
  ['HOST_AWAY', failed('HOST_UNAVAILABLE'), CALM, ENDED, CALM],
  ['KEYS_REFUSED', MADE, because('keys UNAUTHENTICATED TOKEN_INVALID: no'), MADE, CALM],
  ['KEYS_REFUSED', failed('KEY_NOT_FOUND'), CALM, ENDED, CALM],
  ['KEYS_REFUSED', ENDED, refused('keys PERMISSION_DENIED PERMISSION_DENIED: no'), ENDED, CALM],
  ['KEYS_REFUSED', cloneIn('PREPARING'), refused('keys INTERNAL: no'), cloneIn('PREPARING'), CALM],
  ['TEAMS_REFUSED', MADE, because('teams UNAUTHENTICATED: no'), MADE, CALM],
  ['EXECUTOR_REFUSED', MADE, because('executor INTERNAL: no'), MADE, CALM],
  ['EXECUTOR_REFUSED', WELL, refused('executor PERMISSION_DENIED: no'), WELL, CALM],
  ['EXECUTOR_REFUSED', MADE, refused('executor INTERNAL: no'), MADE, CALM],
  ['EXECUTOR_REFUSED', failed('REQUEST_INVALID'), CALM, ENDED, CALM],
  ['KEY_IN_USE', failed('KEY_IN_USE'), CALM, ENDED, CALM],
  [
    'KEY_IN_USE',
    cloneIn('PREPARING'),
    { ...CALM, key: 'taken' },
    cloneIn('PREPARING'),
    { ...CALM, key: 'free' },
  ],
  ['QUOTA_EXCEEDED', ENDED, { ...CALM, shortage: SHORT }, ENDED, CALM],
  ['SOURCE_UNSUPPORTED', failed('SOURCE_UNSUPPORTED'), CALM, ENDED, CALM],
  ...(
    [
      'START_FAILED',
      'EXIT_CODE',
      'SIGNAL',
      'OUT_OF_MEMORY',
      'DISK_FULL',
      'TIMED_OUT',
      'REPORTED',
      'EXITED',
      'INTERRUPTED',
      'LOST',
      'NOT_STARTED',
      'DEADLINE_EXCEEDED',
    ] as const
  ).map((reason): Case => [reason, failed(reason), CALM, failed('', { message: '' }), CALM]),
  [
    'STOP_REQUESTED',
    cloneIn('STOPPED', { reason: 'STOP_REQUESTED' }),
    CALM,
    cloneIn('STOPPED', { reason: 'IDLE' }),
    CALM,
  ],
  ...OF_SIGNING.map((type): Case => [type as CauseCode, told(type), CALM, WELL, CALM]),
  ['IDLE', told('IDLE', { desired: 'STOPPED' }), CALM, WELL, CALM],
  ['EXPIRED', told('EXPIRED', { deleteDueAt: afterNoon(9_000) }), CALM, WELL, CALM],
  [
    'RETENTION_OVER',
    GONE,
    { ...CALM, deletion: { cause: 'archive_retention', at: NOON } },
    GONE,
    { ...CALM, deletion: { cause: '', at: NOON } },
  ],
  [
    'DENIED',
    cloneIn('DELETING', { desired: 'DELETED' }),
    { ...CALM, deletion: { cause: 'denied by usr_1: fraud', at: NOON } },
    cloneIn('DELETING', { desired: 'DELETED' }),
    { ...CALM, deletion: { cause: '', at: NOON } },
  ],
  ['FORCED', cloneIn('DELETED', { reason: 'FORCED' }), CALM, GONE, CALM],
  ['UPDATE_FAILED', told('UPDATE_FAILED'), CALM, WELL, CALM],
  ['NOT_PUT_DOWN', told('NOT_PUT_DOWN'), CALM, WELL, CALM],
  ['CLEANUP_PENDING', told('CLEANUP_PENDING', { phase: 'FAILED' }), CALM, failed(''), CALM],
  ['RESULTS_INCOMPLETE', told('RESULTS_INCOMPLETE', { phase: 'FAILED' }), CALM, failed(''), CALM],
];

describe('explain', () => {
  for (const [code, clone, around, lifted, calm] of CASES) {
    it(`says ${code} of a clone that is ${clone.phase}, until that is over`, () => {
      const cause = find(explain(clone, around), code);
      assert.ok(cause, codesOf(explain(clone, around)).join(' '));
      assert.notEqual(cause.message, '');
      assert.notEqual(cause.subject, '');
      assert.equal(find(explain(lifted, calm), code), undefined);
    });
  }

  it('has a case for every code', () => {
    const covered = new Set(CASES.map(([code]) => code));
    assert.deepEqual([...covered].sort(), Object.keys(CAUSES).sort());
  });

  for (const phase of PHASES) {
    it(`has a root for a clone that is ${phase}, whoever is away`, () => {
      const clone = cloneIn(phase);
      const away = { ...because('keys UNAVAILABLE: no'), workload: 'away', key: 'away' } as const;
      for (const around of [CALM, away]) {
        const cause = explain(clone, around);
        assert.equal(new Set(codesOf(cause)).size, codesOf(cause).length, 'a code twice');
        assert.notEqual(cause.subject, '');
      }
    });
  }

  it('tells what is behind a deadline that has passed, and a cleanup that is not done', () => {
    const late = explain(failed('DEADLINE_EXCEEDED', { message: GIVEN_UP }), CALM);
    assert.deepEqual(codesOf(late), ['FAILED', 'DEADLINE_EXCEEDED', 'KEYS_AWAY']);

    const left = told('CLEANUP_PENDING', { phase: 'FAILED' }, 'host UNAVAILABLE: full');
    assert.deepEqual(codesOf(explain(left, CALM)).slice(0, 3), [
      'IN_PROGRESS',
      'CLEANUP_PENDING',
      'HOST_AWAY',
    ]);
  });

  it('tells how the execution before a pause has ended, and when the pause is over', () => {
    const notBefore = afterNoon(5_000);
    const clone = cloneIn('PROVISIONING', { execution: { ...EXECUTION, notBefore } });
    const lastOutcome = { kind: 'FAILED', reason: 'SIGNAL', message: '', signal: 'KILL' } as const;

    const cause = explain(clone, { ...CALM, lastOutcome });

    assert.deepEqual(codesOf(cause).slice(0, 2), ['BACK_OFF', 'SIGNAL']);
    assert.equal(cause.untilAt, notBefore);
    assert.equal(cause.subject, 'main');
  });

  it('does not show what failed in the service itself', () => {
    const cause = explain(MADE, because('lifecycle INTERNAL: select secret from x'));
    assert.doesNotMatch(JSON.stringify(cause), /select/);
  });
});

describe('shortageOf', () => {
  const quotas = [{ resource: 'cpu_millis', limit: 10n, used: 8n }];

  it('is there if a quota has no room for what would be held more', () => {
    assert.deepEqual(shortageOf(quotas, NO_HOLDS, { ...NO_HOLDS, cpu_millis: 3 }), {
      resource: 'cpu_millis',
      limit: 10n,
      used: 8n,
      more: 3n,
    });
  });

  for (const [what, now, then, limit] of [
    ['what fits', 0, 2, 10n],
    ['what is held already', 3, 3, 1n],
    ['what has no limit', 0, 99, undefined],
  ] as const) {
    it(`is not there for ${what}`, () => {
      const holds = (amount: number) => ({ ...NO_HOLDS, cpu_millis: amount });
      const own = [{ resource: 'cpu_millis', limit, used: 8n }];
      assert.equal(shortageOf(own, holds(now), holds(then)), undefined);
    });
  }
});

describe('a problem', () => {
  for (const problem of [
    { peer: 'keys', code: 'UNAVAILABLE', reason: '', message: 'no connection: refused' },
    { peer: 'host', code: 'UNAVAILABLE', reason: 'PEER_UNAVAILABLE', message: 'two\nlines' },
    { peer: 'lifecycle', code: 'INTERNAL', reason: '', message: '' },
  ]) {
    it(`of ${problem.peer} is read as it was written`, () => {
      assert.deepEqual(readProblem(writeProblem(problem)), problem);
    });
  }

  for (const text of ['', 'something went wrong', 'keys: no', 'Keys UNAVAILABLE: no']) {
    it(`is not in "${text}"`, () => assert.equal(readProblem(text), undefined));
  }
});

describe('docs/explain.md', () => {
  it('tells every code, as it is', () => {
    const document = readFileSync(DOCUMENT, 'utf8');
    for (const [code, { meaning, unblockedBy }] of Object.entries(CAUSES)) {
      const row = `| \`${code}\` | ${meaning} | ${unblockedBy || '–'} |`;
      assert.ok(document.includes(row), row);
    }
    const rows = document.match(/^\| `[A-Z_]+` \|/gm) ?? [];
    assert.equal(rows.length, Object.keys(CAUSES).length);
  });
});

function find(cause: Cause, code: CauseCode): Cause | undefined {
  if (cause.code === code) return cause;
  return cause.causes.map((each) => find(each, code)).find((found) => found !== undefined);
}

function codesOf({ code, causes }: Cause): readonly CauseCode[] {
  return [code, ...causes.flatMap(codesOf)];
}
