import assert from 'node:assert/strict';
import { endSoundly, requireNothingLeft } from '../stories/support/soundness.js';
import { startWorld, type World } from '../stories/support/world.js';
import { failpointsInCode, Trap } from './failpoints.js';
import { failing, type Life, notified, raced, type Story, stopped, whole } from './lives.js';

// Goal: a process that is killed at the worst moments changes nothing about how things end.
// Method: the whole mesh. At each point that the code names, between an effect and its commit,
// a process dies by SIGKILL while users live through their stories, and the mesh starts it again.
// In each round processes of different services die, one at one point each.

const COMPLETED: Life = { phase: 'COMPLETED', reason: '', signatures: 3 };
const STOPPED: Life = { phase: 'STOPPED', reason: 'STOP_REQUESTED', signatures: 1 };
const NOT_STARTED: Life = { phase: 'FAILED', reason: 'START_FAILED', signatures: 0 };
const BEATEN: Life = { phase: 'FAILED', reason: 'KEY_IN_USE', signatures: 0 };

interface Told {
  readonly story: Story;
  readonly lives: readonly Life[];
}

const WHOLE: Told = { story: whole, lives: [COMPLETED] };

/** What is told beside the whole story, where that alone does not come to the point. */
const BESIDE: readonly (readonly [RegExp, Told])[] = [
  [/\.(execution_stopped|stop_accepted)$|^executor\.stop/, { story: stopped, lives: [STOPPED] }],
  [/^executor\.process\.disowned$/, { story: failing, lives: [NOT_STARTED] }],
  [/webhook/, { story: notified, lives: [COMPLETED] }],
  [/authoriz/, { story: raced, lives: [COMPLETED, BEATEN] }],
];

/** How many services lose a process in a round. */
const AT_ONCE = 3;

/** A runner that dies takes its workload with it. Only what it had recorded by then counts. */
const RECORDED: readonly string[] = ['runner.results.sent', 'runner.exit.recorded'];

describe('a process that is killed', function () {
  this.timeout(120_000);
  const points = failpointsInCode();
  let world: World;
  before(async () => {
    const lifecycle = { RECONCILE_MS: '500', LEASE_MS: '3000' };
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
          return story(crew, world.at({}, crew.owner));
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
