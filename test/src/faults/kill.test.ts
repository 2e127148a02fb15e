import assert from 'node:assert/strict';
import { endSoundly, requireNothingLeft, requireSwept } from '../stories/support/soundness.js';
import { startWorld, type World } from '../stories/support/world.js';
import { failpointsInCode, Trap } from './failpoints.js';
import {
  failing,
  type Life,
  notified,
  raced,
  rotated,
  type Story,
  stopped,
  whole,
} from './lives.js';
import { denied, staged, TENDED, type Tending, tended } from './lives-in-full.js';

// Goal: a process that is killed at the worst moments changes nothing about how things end.
// Method: the whole mesh. At each point that the code names, between an effect and its commit,
// a process dies by SIGKILL while users live through their stories, and the mesh starts it again.
// In each round processes of different services die, one at one point each.

const COMPLETED: Life = { phase: 'COMPLETED', reason: '', signatures: 3 };
const STOPPED: Life = { phase: 'STOPPED', reason: 'STOP_REQUESTED', signatures: 1 };
const NOT_STARTED: Life = { phase: 'FAILED', reason: 'START_FAILED', signatures: 0 };
const STAGED: Life = { phase: 'COMPLETED', reason: '', signatures: 0 };
/** It signs once each time that it is started: at first, updated, resumed and restored. */
const TENDED_LIFE: Life = { ...STOPPED, signatures: 4 };
const BEATEN: Life = { phase: 'FAILED', reason: 'KEY_IN_USE', signatures: 0 };

interface Told {
  readonly story: Story;
  readonly lives: readonly Life[];
}

const WHOLE: Told = { story: whole, lives: [COMPLETED] };

/** What is told beside the whole story, where that alone does not come to the point. */
const BESIDE: readonly (readonly [RegExp, Told])[] = [
  [/\.execution_stopped$|^executor\.stop/, { story: stopped, lives: [STOPPED] }],
  [/^executor\.process\.disowned$/, { story: failing, lives: [NOT_STARTED] }],
  [/^(lifecycle|executor)\..*(result_|wish_accepted$|storage)/, { story: staged, lives: [STAGED] }],
  [/standing/, { story: denied, lives: [] }],
  [/webhook/, { story: notified, lives: [COMPLETED] }],
  [/^keys\.rotate/, { story: rotated, lives: [COMPLETED] }],
  [/authoriz/, { story: raced, lives: [COMPLETED, BEATEN] }],
];

/** Where processes die while a clone is looked after: when it is asked for, and when it is done. */
const WHILE_TENDED: Readonly<Record<Tending, readonly string[]>> = {
  update: ['lifecycle.execution_created', 'executor.start.done'],
  suspend: ['lifecycle.wish_accepted', 'keys.revoke.committed'],
  resume: ['lifecycle.phase_recorded', 'keys.authorize.committed', 'executor.token.minted'],
  archive: ['lifecycle.execution_deleted', 'executor.remove.done'],
  restore: ['lifecycle.wish_accepted', 'executor.create.committed'],
};

/** How many services lose a process in a round. */
const AT_ONCE = 3;

/** A runner that dies takes its workload with it. Only what it had recorded by then counts. */
const RECORDED: readonly string[] = ['runner.results.sent', 'runner.exit.recorded'];

describe('a process that is killed', () => {
  const points = failpointsInCode();
  let world: World;
  before(async () => {
    const lifecycle = { RECONCILE_MS: '500', LEASE_MS: '3000', SWEEP_MS: '500' };
    world = await startWorld({ settings: { lifecycle } });
  });
  after(() => endSoundly(world));

  it('may be killed at points of every service', () => {
    const services = new Set(points.map(serviceOf));
    assert.deepEqual([...services].sort(), ['executor', 'keys', 'lifecycle', 'runner', 'teams']);
    assert.deepEqual([...new Set(roundsOf(points).flat())].sort(), points);
  });

  for (const [nth, round] of roundsOf(points).entries()) {
    it(`at ${round.join(' and ')} ends in the same place`, async () => {
      const told = toldIn(round);
      const crews = await Promise.all(
        told.map((_, index) => world.createCrew(`round-${nth}-${index}`)),
      );
      const trap = new Trap(world.mesh.layout.failpoints);
      for (const point of round) trap.arm(point);
      const lives = await Promise.all(
        told.map(({ story }, index) => {
          const crew = crews[index] ?? assert.fail('no crew');
          return story(crew, world.at({}, crew.owner), world.admin);
        }),
      );

      assert.deepEqual(
        round.map((point) => [point, trap.visits(point)]),
        round.map((point) => [point, 1]),
      );
      const expected = told.flatMap((each) => each.lives);
      const isLost = round.some(
        (point) => serviceOf(point) === 'runner' && !RECORDED.includes(point),
      );
      if (isLost) requireOneLost(lives.flat(), expected);
      else assert.deepEqual(sorted(lives.flat()), sorted(expected));
      await requireNothingLeft(world);
    });
  }

  it('while a clone is looked after changes nothing for it', async () => {
    const crew = await world.createCrew('tended');
    const trap = new Trap(world.mesh.layout.failpoints);
    const points = Object.values(WHILE_TENDED).flat();
    const before = new Map(points.map((point) => [point, trap.visits(point)]));
    const lives = await tended(crew, world.at({}, crew.owner), (next) => {
      for (const point of WHILE_TENDED[next]) trap.arm(point);
    });

    const died = points.filter((point) => trap.visits(point) > (before.get(point) ?? 0));
    assert.deepEqual([TENDED.length, died], [Object.keys(WHILE_TENDED).length, points]);
    assert.deepEqual(lives, [TENDED_LIFE]);
    await requireNothingLeft(world);
  }).timeout(300_000);

  it('leaves nothing that is not swept', () => requireSwept(world));
});

/** Points that are come to at the same time: of runners one alone, of services one each. */
function roundsOf(points: readonly string[]): readonly (readonly string[])[] {
  const runners = points.filter((point) => serviceOf(point) === 'runner');
  const left = ['teams', 'keys', 'executor', 'lifecycle'].map((service) =>
    points.filter((point) => serviceOf(point) === service),
  );
  const rounds: (readonly string[])[] = runners.map((point) => [point]);
  while (left.some(({ length }) => length > 0)) {
    const longest = left
      .filter(({ length }) => length > 0)
      .sort((one, other) => other.length - one.length);
    rounds.push(longest.slice(0, AT_ONCE).flatMap((queue) => queue.shift() ?? []));
  }
  return rounds;
}

function serviceOf(point: string): string {
  return point.split('.')[0] ?? '';
}

function toldIn(round: readonly string[]): readonly Told[] {
  const beside = BESIDE.filter(([pattern]) => round.some((point) => pattern.test(point)));
  return [WHOLE, ...beside.map(([, told]) => told)];
}

/** One workload died with its runner; all else is as it would have been. */
function requireOneLost(lives: readonly Life[], expected: readonly Life[]): void {
  const lost = lives.filter(({ phase, reason }) => phase === 'FAILED' && reason === 'LOST');
  assert.equal(lost.length, 1, 'a runner has died, and one workload with it');
  assert.ok((lost[0]?.signatures ?? 0) <= COMPLETED.signatures);
  const others = lives.filter((life) => !lost.includes(life));
  assert.deepEqual(others, expected.slice(1));
}

function sorted(lives: readonly Life[]): readonly Life[] {
  return lives.toSorted((one, other) => one.reason.localeCompare(other.reason));
}
