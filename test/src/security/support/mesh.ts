import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Mesh, makeCredentials, startMesh } from '@ramet/local';
import { fastFolder } from '@ramet/local/engines';
import { TokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { testStack } from '@ramet/test/support';
import { PEERS, type Peer } from './contract.js';
import { type TokenKey, tokenKey } from './tokens.js';
import { type Ways, waysIn } from './ways.js';

/** A whole mesh, with credentials for it. */
export interface TestMesh {
  readonly mesh: Mesh;
  addressOf(peer: Peer): string;
  /** The API key of the administrator that the launcher made. */
  readonly adminKey: string;
  /** How to get to a service as the owner of a token does. */
  readonly ways: Ways;
  serviceKey(peer: Peer): string;
  /** What the mesh signs its tokens with. */
  readonly tokenKey: TokenKey;
  /** Exchanges an API key. */
  exchange(apiKey: string): Promise<string>;
}

let shared: Promise<TestMesh> | undefined;

/**
 * The mesh that all tests of this folder share, started when first asked for.
 *
 * It stops after the last test. Each test has people and things of its own in it. It logs all that
 * it can: whatever any of the tests did has to leave no secret there.
 */
export function sharedMesh(): Promise<TestMesh> {
  shared ??= start();
  return shared;
}

after(async function () {
  this.timeout(120_000);
  const running = await shared?.catch(() => undefined);
  if (!running) return;
  const { mesh } = running;
  const left = await mesh.stop();
  for (const folder of [mesh.layout.state, mesh.layout.run]) {
    rmSync(folder, { recursive: true, force: true });
  }
  assert.deepEqual(left, [], 'something outlived the mesh');
});

async function start(): Promise<TestMesh> {
  const mesh = await startMesh({
    stateDir: mkdtempSync(join(fastFolder(), `ramet-test-${process.pid}-mesh-`)),
    given: { natsProgram: testStack().natsProgram },
    env: process.env,
    logLevel: 'debug',
    durable: false,
    // All callers come from one address here. The executor keeps a limit, for a test of it.
    settings: {
      // Longer than all the tests take that share the mesh.
      teams: { RATE_LIMIT: '0', TOKEN_LIFE_SECONDS: '3600' },
      keys: { RATE_LIMIT: '0' },
      lifecycle: { RATE_LIMIT: '0' },
      executor: { RATE_LIMIT: '5', RATE_BURST: '450' },
    },
  });
  const addressOf = (peer: Peer): string => mesh.endpoints[peer].address;
  const { admin } = await makeCredentials(mesh.layout, addressOf('teams'));
  await using tokens = connect(TokenServiceService, addressOf('teams'));
  const { keys } = await tokens.listVerificationKeys({});
  const secret = (name: string): string => readFileSync(join(mesh.layout.secrets, name), 'utf8');
  return {
    mesh,
    addressOf,
    ways: waysIn(mesh),
    adminKey: readFileSync(admin, 'utf8'),
    serviceKey: (peer) => secret(join('services', peer)),
    tokenKey: tokenKey(secret('token-key.pem'), keys[0]?.id ?? ''),
    async exchange(apiKey) {
      await using fresh = connect(TokenServiceService, addressOf('teams'));
      return (await fresh.exchangeToken({ apiKey })).token;
    },
  };
}

/** The tokens of the services of a mesh. */
export async function serviceTokens(test: TestMesh): Promise<Readonly<Record<Peer, string>>> {
  const entries = PEERS.map(async (peer) => [peer, await test.exchange(test.serviceKey(peer))]);
  return Object.fromEntries(await Promise.all(entries)) as Record<Peer, string>;
}
