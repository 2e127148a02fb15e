// A whole mesh for the life benchmark: all services as processes, with real runners and workloads.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mesh, makeCredentials, startMesh } from '@ramet/local';
import { fastFolder, findNats } from '@ramet/local/engines';
import { CreateKeyRequest, KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import { Scope, systemIds } from '@ramet/service';
import { type Api, addressesOf, connectAs } from '../stories/support/api.js';
import { fillIdle } from './idle-clones.js';

/** A mesh with one user, who has a team, and a bot there that does nothing. */
export interface LifeMesh extends AsyncDisposable {
  readonly mesh: Mesh;
  readonly adminUrl: string;
  readonly api: Api;
  /** What an administrator may do. */
  readonly adminApi: Api;
  readonly userId: string;
  readonly teamId: string;
  readonly owner: { readonly owner: { readonly $case: 'userId'; readonly value: string } };
  readonly botId: string;
  /** As many keys as are asked for. */
  createKeys(count: number): Promise<readonly string[]>;
  /** Fills lifecycle with clones of others, which nothing is to be done for. */
  fill(count: number): Promise<void>;
}

const BUNDLES = fileURLToPath(new URL('../../bundles/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.ramet/bin', import.meta.url));
const UNLIMITED = { RATE_LIMIT: '0' };

/** Starts it. Disposing of it leaves nothing. */
export async function startLifeMesh(): Promise<LifeMesh> {
  await using scope = new Scope();
  const stateDir = mkdtempSync(join(fastFolder(), 'ramet-bench-'));
  scope.defer(() => rmSync(stateDir, { recursive: true, force: true }));
  const { NATS_SERVER_BIN: program, PATH } = process.env;
  const mesh: Mesh = scope.use(
    await startMesh({
      stateDir,
      given: { natsProgram: findNats({ program, path: PATH, cache: CACHE }) },
      env: { PATH },
      logLevel: 'warn',
      settings: {
        teams: UNLIMITED,
        keys: { ...UNLIMITED, OWNER_SIGN_RATE: '0' },
        lifecycle: { ...UNLIMITED, CLONE_QUOTA: '1000000' },
        executor: { ...UNLIMITED, BUNDLES_DIR: BUNDLES },
      },
    }),
  );
  const addresses = addressesOf(mesh);
  const { admin } = await makeCredentials(mesh.layout, addresses.teams);
  const { api: adminApi } = connectAs(addresses, readFileSync(admin, 'utf8'), scope);
  const { users } = adminApi;
  const { user } = await users.createUser({ requestId: '', name: 'bench', admin: false });
  const userId = user?.id ?? '';
  const wish = { requestId: '', userId, name: 'bench', expireTime: undefined, scopes: [] };
  const { api } = connectAs(addresses, (await users.createApiKey(wish)).secret, scope);
  const owner = { owner: { $case: 'userId', value: userId } } as const;
  const { botId, teamId } = await createBot(api, owner);

  const { adminUrl } = mesh.stores;
  const running = scope.move();
  return {
    ...{ mesh, adminUrl, api, adminApi, userId, teamId, owner, botId },
    createKeys: async (count) => {
      const keys: string[] = [];
      while (keys.length < count) keys.push(await createKey(api, owner));
      return keys;
    },
    async fill(count) {
      // Replicas keep in memory how far they have come.
      const lifecycle = mesh.service('lifecycle');
      await lifecycle.stop();
      await fillIdle(adminUrl, count);
      await lifecycle.start();
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function createBot(api: Api, owner: LifeMesh['owner']) {
  const value = { bundle: 'worker', tag: '', command: ['true'] };
  const source = { source: { $case: 'process', value }, revision: 0 } as const;
  const { team } = await api.teams.createTeam({ requestId: '', name: 'bench' });
  const teamId = team?.id ?? '';
  const wish = { requestId: '', teamId, name: 'nothing', teamSource: source };
  const { bot } = await api.bots.createBot(wish);
  const botId = bot?.id ?? '';
  await api.bots.setBotSource({ id: botId, owner, source });
  return { botId, teamId };
}

/** Makes a key of an owner. */
export async function createKey({ keys }: Pick<Api, 'keys'>, owner: Owner): Promise<string> {
  const { key } = await keys.createKey(
    CreateKeyRequest.fromPartial({
      ...{ owner, name: systemIds.make('k').replace('_', '-'), venue: 'binance' },
      ...{ algorithm: KeyAlgorithm.HMAC_SHA256, material: { $case: 'generate', value: {} } },
    }),
  );
  return key?.id ?? '';
}
