import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ClonePhase, StopCloneRequest } from '@ramet/proto-gen/lifecycle.v1';
import { processesWithVariable, Scope } from '@ramet/service';
import { seeded } from '../random/index.js';
import { until } from '../stories/support/again.js';
import {
  AT_REST,
  createClone,
  createKey,
  deleteClone,
  untilPhase,
  untilPrinted,
} from '../stories/support/clones.js';
import {
  endSoundly,
  requireInventory,
  requireNothingLeft,
  requireOneLife,
} from '../stories/support/soundness.js';
import {
  type Crew,
  ownerOf,
  type Person,
  startWorld,
  testFolder,
  type World,
} from '../stories/support/world.js';
import type { Launched } from './launched.js';
import { deletedAlive, type Life, type Story, stopped, whole } from './lives.js';

// Goal: whatever is killed whenever, everything ends as it should, once, and nothing stays behind.
// Method: the whole mesh. Its services are killed in an order that comes from a seed, runners by
// their pid, and the launcher with all that it holds.

const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;
const SEED = 20_261_121;
const KILLS = 8;

/** What the clones do, and how that ends whoever is killed meanwhile. */
const MIX: readonly (readonly [number, Story, Life['phase']])[] = [
  [12, whole, 'COMPLETED'],
  [4, stopped, 'STOPPED'],
  [4, deletedAlive, 'DELETED'],
];

describe('a mesh in which processes are killed', function () {
  this.timeout(480_000);
  let world: World;
  before(async () => {
    const lifecycle = { RECONCILE_MS: '500', LEASE_MS: '3000' };
    world = await startWorld({ settings: { lifecycle } });
  });
  after(() => endSoundly(world));

  it(`lets twenty clones live their lives (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    const stories = MIX.flatMap(([count, story, phase]) => Array(count).fill({ story, phase }));
    const crews = await Promise.all(stories.map((_, nth) => world.createCrew(`random-${nth}`)));
    const telling = Promise.all(stories.map(({ story }, nth) => tell(story, crews[nth], world)));
    let isOver = false;
    void telling.finally(() => {
      isOver = true;
    });
    for (let kill = 0; kill < KILLS && !isOver; kill += 1) {
      const name = SERVICES[Math.floor(random() * SERVICES.length)] ?? 'teams';
      await world.mesh.service(name).kill('SIGKILL');
      await world.mesh.service(name).whenServing();
      await requireInventory(world);
    }

    const lives = (await telling).flat();
    assert.deepEqual(
      lives.map(({ phase }) => phase),
      stories.map(({ phase }) => phase),
    );
    for (const { phase, signatures } of lives)
      if (phase === 'COMPLETED') assert.equal(signatures, 3);
    await requireNothingLeft(world);
  });

  it('ends a clone whose runner is killed as lost, with its workload', async () => {
    const crew = await world.createCrew('runner');
    const { owner } = crew;
    const keyId = await createKey(owner.api, owner.owner);
    const wish = { keyId, does: { sign: 'forever', pause: '20' } };
    const { id } = await createClone(owner.api, crew, owner.owner, wish);
    await untilPrinted(owner, id, 'signed 1');
    const name = await workloadOf(world, id);

    process.kill(runnerOf(world, name), 'SIGKILL');
    const clone = await untilPhase(owner, id, ...AT_REST);
    assert.equal(clone.phase, ClonePhase.FAILED);
    assert.equal(clone.reason, 'LOST');
    assert.deepEqual(processesWithVariable('RAMET_EXECUTION', name), []);
    await deleteClone(owner, id);
    await requireOneLife(owner, id);
  });
});

describe('a mesh whose launcher is killed', () => {
  it('goes on with its clones when it is started again', async () => {
    await using scope = new Scope();
    const stateDir = testFolder(scope);
    const launched = await launchAndKill(stateDir);
    await using world = await startWorld({ stateDir });
    const { id, apiKey, keyId, signing, staying } = launched;
    const person = world.at({}, { id, apiKey, owner: ownerOf(id) } as Person);

    for (const clone of [signing, staying]) {
      const name = await workloadOf(world, clone);
      assert.notDeepEqual(processesWithVariable('RAMET_EXECUTION', name), [], 'it was not adopted');
      assert.equal((await untilPhase(person, clone, ClonePhase.RUNNING)).epoch, 1);
    }
    const before = await signaturesOf(person, keyId);
    await until('it signs again', async () => (await signaturesOf(person, keyId)) > before);

    await person.api.clones.stopClone(StopCloneRequest.fromPartial({ id: staying }));
    await untilPhase(person, staying, ClonePhase.STOPPED);
    await Promise.all([deleteClone(person, signing), deleteClone(person, staying)]);
    await endSoundly(world);
  });
});

async function tell(story: Story, crew: Crew | undefined, world: World) {
  if (!crew) assert.fail('no crew');
  return story(crew, world.at({}, crew.owner), world.admin);
}

async function workloadOf(world: World, cloneId: string): Promise<string> {
  const sql = 'select name from executor.workload where clone_id = $1';
  const [row] = await world.ask<{ name: string }>(sql, [cloneId]);
  return row?.name ?? assert.fail('no workload');
}

function runnerOf({ mesh }: World, name: string): number {
  const file = join(mesh.layout.executor, 'executions', name, 'runner.json');
  return JSON.parse(readFileSync(file, 'utf8')).pid;
}

async function signaturesOf({ patient: { keys } }: Person, keyId: string): Promise<number> {
  const page = { keyId, cloneId: '', pageSize: 1_000, pageToken: '' };
  return (await keys.listSignatures(page)).signatures.length;
}

/** Starts a mesh in another process and kills that once clones run. */
async function launchAndKill(stateDir: string): Promise<Launched> {
  const program = fileURLToPath(new URL('./launched.js', import.meta.url));
  const launcher = spawn(process.execPath, ['--enable-source-maps', program, stateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(launcher, 'exit');
  try {
    const [line] = await Promise.race([
      once(createInterface(launcher.stdout), 'line'),
      ended.then(() => assert.fail('the launcher has ended')),
    ]);
    return JSON.parse(line);
  } finally {
    launcher.kill('SIGKILL');
    await ended;
  }
}
