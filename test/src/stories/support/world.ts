import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layoutOf, type Mesh, type MeshOptions, makeCredentials, startMesh } from '@ramet/local';
import { fastFolder } from '@ramet/local/engines';
import { type Bot, BotSource, type Owner, type Team, TeamRole } from '@ramet/proto-gen/teams.v1';
import { Scope, systemIds } from '@ramet/service';
import { testStack } from '@ramet/test/support';
import { type Addresses, addressesOf, type Callers, connectAs } from './api.js';
import { ask } from './database.js';

const BUNDLES = fileURLToPath(new URL('../../../bundles/', import.meta.url));

/** A mesh of a test's own, and whoever acts in it. */
export interface World extends AsyncDisposable {
  readonly mesh: Mesh;
  readonly admin: Callers;
  createPerson(name: string): Promise<Person>;
  /** A team with a bot, and people of every role in it who each have a source of their own. */
  createCrew(name: string): Promise<Crew>;
  /** The same person, at services that listen elsewhere. */
  at(addresses: Partial<Addresses>, person: Person): Person;
  /** Asks the database of the mesh, past all services. */
  ask<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
}

/** A user, with everything that they can do. */
export interface Person extends Callers {
  readonly id: string;
  readonly apiKey: string;
  readonly owner: Owner;
}

/** A team, its bot and its people. */
export interface Crew {
  readonly team: Team;
  readonly teamOwner: Owner;
  readonly bot: Bot;
  readonly owner: Person;
  readonly admin: Person;
  readonly member: Person;
}

/** How the mesh of a test differs from others. */
export type WorldOptions = Pick<MeshOptions, 'settings' | 'onUnasked'> & {
  /** Where its state is, if that outlives it. */
  readonly stateDir?: string;
};

/** The workload of tests; see test/bundles/worker. */
const WORKER: BotSource = processSource('worker', ['node', 'main.js']);

/** A source of the process runtime. */
export function processSource(bundle: string, command: readonly string[]): BotSource {
  return BotSource.fromPartial({ source: { $case: 'process', value: { bundle, command } } });
}

/** Starts a mesh, and makes its first administrator. Disposing of it leaves nothing. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  await using scope = new Scope();
  const stateDir = options.stateDir ?? testFolder(scope);
  const mesh = scope.use(await startMesh(meshOptions(stateDir, options)));
  const addresses = addressesOf(mesh);
  const credentials = await makeCredentials(mesh.layout, addresses.teams);
  const admin = connectAs(addresses, readFileSync(credentials.admin, 'utf8'), scope);
  const at = (other: Partial<Addresses>, { id, apiKey, owner }: Person): Person => {
    return { id, apiKey, owner, ...connectAs({ ...addresses, ...other }, apiKey, scope) };
  };
  const createPerson = async (name: string): Promise<Person> => {
    const { user } = await admin.patient.users.createUser({ requestId: '', name, admin: false });
    const id = user?.id ?? '';
    const wish = { requestId: '', userId: id, name: 'test', expireTime: undefined, scopes: [] };
    const { secret } = await admin.patient.users.createApiKey(wish);
    return { id, apiKey: secret, owner: ownerOf(id), ...connectAs(addresses, secret, scope) };
  };

  const running = scope.move();
  return {
    mesh,
    admin,
    at,
    createPerson,
    // A test that is run once more finds the names of its first run taken.
    createCrew: (name) => createCrew(`${name}-${systemIds.make('x').slice(-6)}`, createPerson),
    ask: (sql, parameters) => ask(mesh.stores.adminUrl, sql, parameters),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** One caller does in a test what many do elsewhere. */
const UNTHROTTLED = { RATE_LIMIT: '0' };

/** How the mesh of a test is started. */
function meshOptions(stateDir: string, { settings, onUnasked }: WorldOptions): MeshOptions {
  return {
    stateDir,
    given: { natsProgram: testStack().natsProgram },
    env: { PATH: process.env.PATH },
    durable: false,
    settings: {
      teams: { ...UNTHROTTLED, ...settings?.teams },
      keys: { ...UNTHROTTLED, ...settings?.keys },
      lifecycle: { ...UNTHROTTLED, ...settings?.lifecycle },
      executor: { ...UNTHROTTLED, BUNDLES_DIR: BUNDLES, ...settings?.executor },
    },
    ...(onUnasked && { onUnasked }),
  };
}

/** A folder for the state of a mesh, gone with `scope`. */
export function testFolder(scope: Scope): string {
  const folder = mkdtempSync(join(fastFolder(), 'ramet-story-'));
  // Where workloads run lies outside of the state.
  for (const each of [folder, layoutOf(folder).run]) {
    scope.defer(() => rmSync(each, { recursive: true, force: true }));
  }
  return folder;
}

/** An owner of the kind that the id is of. */
export function ownerOf(id: string): Owner {
  const $case = id.startsWith('tem_') ? ('teamId' as const) : ('userId' as const);
  return { owner: { $case, value: id } };
}

async function createCrew(
  name: string,
  createPerson: (name: string) => Promise<Person>,
): Promise<Crew> {
  const [owner, admin, member] = await Promise.all([
    createPerson(`${name}-owner`),
    createPerson(`${name}-admin`),
    createPerson(`${name}-member`),
  ]);
  const { teams, bots } = owner.patient;
  const { team } = await teams.createTeam({ requestId: '', name });
  if (!team) throw new Error('no team came back');
  await teams.setTeamMember({ teamId: team.id, userId: admin.id, role: TeamRole.ADMIN });
  await teams.setTeamMember({ teamId: team.id, userId: member.id, role: TeamRole.MEMBER });

  const wish = { requestId: '', teamId: team.id, name: 'worker', teamSource: WORKER };
  const { bot } = await bots.createBot(wish);
  if (!bot) throw new Error('no bot came back');
  for (const { patient, owner: own } of [owner, admin, member]) {
    await patient.bots.setBotSource({ id: bot.id, owner: own, source: WORKER });
  }
  return { team, teamOwner: ownerOf(team.id), bot, owner, admin, member };
}
