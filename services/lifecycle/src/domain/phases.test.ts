import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { phaseDiagram } from './phase-diagram.js';
import {
  DEADLINES,
  EVENTS,
  isAtRest,
  nextPhase,
  PHASES,
  type Phase,
  type PhaseEvent,
  REST_PHASES,
  TRANSITIONS,
} from './phases.js';

const DIAGRAM = new URL('../../../../docs/clone-phases.md', import.meta.url);
const MIGRATION = new URL('../../migrations/0005_clones_in_full.sql', import.meta.url);

const OUT_OF_REST: Readonly<Record<(typeof REST_PHASES)[number], readonly Phase[]>> = {
  COMPLETED: ['ARCHIVING', 'DELETING', 'PREPARING'],
  STOPPED: ['ARCHIVING', 'DELETING', 'PREPARING'],
  FAILED: ['ARCHIVING', 'DELETING', 'PREPARING'],
  SUSPENDED: ['ARCHIVING', 'DELETING', 'RESUMING'],
  ARCHIVED: ['DELETING', 'RESTORING'],
  DELETED: [],
};

const PAIRS = PHASES.flatMap((phase) => EVENTS.map((event) => [phase, event] as const));

describe('the phase table', () => {
  it('says of every pair what follows, and of nothing else', () => {
    assert.deepEqual(Object.keys(TRANSITIONS), [...PHASES]);
    for (const phase of PHASES) {
      assert.deepEqual(Object.keys(TRANSITIONS[phase]).sort(), [...EVENTS].sort());
    }
  });

  for (const [phase, event] of PAIRS) {
    const next = TRANSITIONS[phase][event];
    it(`${phase} ${event}: ${next ?? 'refused'}`, () => {
      if (next === null) assert.throws(() => nextPhase(phase, event), /cannot/);
      else assert.equal(nextPhase(phase, event), next);
    });
  }

  it('can delete from every phase', () => {
    for (const phase of PHASES) {
      assert.equal(nextPhase(phase, 'delete'), phase === 'DELETED' ? 'DELETED' : 'DELETING');
    }
  });

  it('leads from DELETING to CLEANUP_FAILED or DELETED only', () => {
    assert.deepEqual(followers('DELETING'), ['CLEANUP_FAILED', 'DELETED']);
  });

  it('leads out of rest by what users and policy want alone', () => {
    for (const phase of REST_PHASES) {
      assert.deepEqual(followers(phase), OUT_OF_REST[phase]);
    }
  });

  it('gives every phase that is not at rest a deadline and an exit for it', () => {
    for (const phase of PHASES) {
      const { expire, return_running: back } = TRANSITIONS[phase];
      assert.equal(expire !== null || back !== null, !isAtRest(phase), phase);
      assert.equal(phase in DEADLINES, !isAtRest(phase), phase);
    }
  });

  it('comes to rest from everywhere, whatever happens', () => {
    const restless = PHASES.filter((phase) => !isAtRest(phase));
    for (const phase of restless) assert.ok(reachable(phase).some(isAtRest), phase);
  });

  it('lets no sequence of events leave it', () => {
    let phase: Phase = 'ACCEPTED';
    for (const event of manyEvents(20_000)) {
      const next = TRANSITIONS[phase][event];
      if (next === null) assert.throws(() => nextPhase(phase, event));
      else phase = nextPhase(phase, event);
      assert.ok(PHASES.includes(phase));
      if (phase === 'DELETED') phase = 'ACCEPTED';
    }
  });

  it('is drawn in docs/clone-phases.md', () => {
    const drawn = /```mermaid\n([\s\S]*?)\n```/.exec(readFileSync(DIAGRAM, 'utf8'))?.[1];
    assert.equal(drawn, phaseDiagram());
  });

  it('is what the database checks', () => {
    const sql = readFileSync(MIGRATION, 'utf8');
    assert.deepEqual(wordsOf(sql, /add constraint clone_phase check \(phase in \(([^)]*)\)/), [
      ...PHASES,
    ]);
    const atRest = /clone_leaves_transient_phases check \(\s+\(.*?\) = \(phase in \(([^)]*)\)/;
    assert.deepEqual(wordsOf(sql, atRest), [...REST_PHASES]);
  });
});

function wordsOf(sql: string, pattern: RegExp): readonly string[] {
  return [...(pattern.exec(sql)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, word]) => word ?? '');
}

function followers(phase: Phase): readonly Phase[] {
  const nexts = Object.values(TRANSITIONS[phase]).filter((next) => next !== null);
  return [...new Set(nexts)].filter((next) => next !== phase).sort();
}

function reachable(from: Phase): readonly Phase[] {
  const found = new Set<Phase>([from]);
  for (const phase of found) for (const next of followers(phase)) found.add(next);
  return [...found];
}

/** The same sequence at every run: a linear congruential generator. */
function* manyEvents(count: number): Generator<PhaseEvent> {
  let state = 7;
  for (let n = 0; n < count; n += 1) {
    state = (state * 48_271) % 2_147_483_647;
    yield EVENTS[state % EVENTS.length] ?? 'stop';
  }
}
