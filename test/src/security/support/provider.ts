import { TokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { systemClock, systemIds } from '@ramet/service';
import { signText } from '@ramet/teams/testing';
import type { Api } from './api.js';
import type { TestMesh } from './mesh.js';
import { aName, type Person } from './story.js';

/** What is signed: an action, on a target or for an owner. */
export interface Signed {
  readonly action: string;
  readonly targetId?: string;
  readonly ownerId?: string;
  readonly nonce?: bigint;
}

/** A provider with a key of its own, who makes tokens of what it signs. */
export interface TestProvider extends AsyncDisposable {
  tokenFor(signed: Signed): Promise<string>;
}

const LIFE_MS = 60_000;

/** Registers a provider that acts as somebody. */
export async function openProvider(
  test: TestMesh,
  admin: Api,
  { id: userId }: Pick<Person, 'id'>,
  actions: readonly string[],
): Promise<TestProvider> {
  const key = systemIds.bytes(32);
  const { address } = signText(key, '');
  const wish = { requestId: '', name: aName(), address, userId, actions: [...actions] };
  const { provider } = await admin.providers.registerProvider(wish);
  const tokens = connect(TokenServiceService, test.addressOf('teams'));
  return {
    async tokenFor({ action, targetId = '', ownerId = '', nonce = 1n }) {
      const expireTime = new Date(systemClock.now().getTime() + LIFE_MS);
      const text = [
        'Ramet signed request, version 2',
        `mesh: ${provider?.meshId}`,
        ...[`action: ${action}`, `target: ${targetId}`, `owner: ${ownerId}`, `nonce: ${nonce}`],
        `expires: ${expireTime.toISOString()}`,
      ].join('\n');
      const { signature } = signText(key, text);
      const request = { action, targetId, ownerId, nonce, expireTime, signature };
      return (await tokens.exchangeSignedRequest(request)).token;
    },
    [Symbol.asyncDispose]: () => tokens[Symbol.asyncDispose](),
  };
}
