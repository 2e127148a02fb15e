import type {
  ExchangeSignedRequestRequest,
  ExchangeSignedRequestResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import { signerOf } from '../credentials/ethereum.js';
import type { Deps } from '../deps.js';
import type { Tell } from '../domain/identity.js';
import { credentialOf, requireAction } from '../domain/provider.js';
import { requireTimely, type SignedRequest, textOf } from '../domain/signed-request.js';
import { credentialInvalid } from './credential-invalid.js';
import { issueToken } from './issue-token.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'providers' | 'meshId' | 'tokens' | 'chargeOwner'>;
type ExchangeSignedRequest = Unary<ExchangeSignedRequestRequest, ExchangeSignedRequestResponse>;

/** For how long the token is good: for one call, and its repetitions. */
const LIFE_SECONDS = 60;

/**
 * Exchanges a request that a provider has signed for a token that is good for it alone.
 *
 * The list comes first, the nonce last: who is not on the list, or asks for what they may not, uses
 * up nothing.
 */
export function exchangeSignedRequest(needs: Needs): ExchangeSignedRequest {
  const { providers, meshId, chargeOwner } = needs;
  return async ({ signature, expireTime, ...asked }, call) => {
    const tell: Tell = (who) => call.proved(who);
    const request: SignedRequest = { ...asked, meshId, expiresAt: expireTime ?? new Date(0) };
    const address = signerOf(textOf(request), signature);
    const found = address === undefined ? undefined : await providers.findLetIn(address, tell);
    if (!found) throw credentialInvalid();

    const { provider, userVersion, now } = found;
    requireAction(provider, request.action);
    requireTimely(request, now);
    chargeOwner(provider.userId);
    await providers.useNonce(provider, request.nonce);
    const identity = {
      ...{ kind: 'user' as const, id: provider.userId, admin: false, version: userVersion },
      ...{ credentialIds: [credentialOf(provider)], scopes: [request.action] },
      binding: boundTo(request),
    };
    const token = await issueToken(needs, call, { identity, maxSeconds: LIFE_SECONDS });
    return tokenResponse(token);
  };
}

function boundTo({ targetId, ownerId, nonce }: SignedRequest) {
  return { targetId, ownerId, requestId: String(nonce) };
}
