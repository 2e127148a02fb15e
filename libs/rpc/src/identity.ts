import type { Authenticate } from './endpoint.js';
import type { Jwk } from './key-ring.js';
import { type Clock, machineClock } from './ports.js';
import { RevocationFeed, type RevocationSource } from './revocation-feed.js';
import { createTokenSource } from './token-source.js';
import { createVerifier } from './tokens.js';

/** What a service needs of the one that issues tokens, in the shape of its remote. */
export interface TokenIssuer {
  exchangeToken(request: { readonly apiKey: string }): Promise<{
    readonly token: string;
    readonly expiresIn?: { readonly seconds: bigint } | undefined;
  }>;
  listVerificationKeys(request: object): Promise<{
    readonly keys: readonly { readonly jwk: string }[];
  }>;
}

/** How a service of the mesh proves who it is, and knows who is calling. */
export interface Identity extends AsyncDisposable {
  /** Its own token, for calls to other services. */
  readonly token: () => Promise<string>;
  readonly authenticate: Authenticate;
}

/** Whose tokens count in a mesh, and for whom they are. */
const MESH = { issuer: 'ramet', audience: 'ramet' };

/** What a service brings to its identity. */
export interface IdentityOptions {
  readonly apiKey: string;
  readonly clock?: Clock;
  /** Reaches, with the service's own token, who tells which tokens were revoked. */
  readonly revocations: (token: () => Promise<string>) => RevocationSource;
}

/**
 * Makes a service's identity from its API key, which it shows to the issuer alone.
 *
 * It follows what is revoked until it is disposed of.
 */
export function createIdentity(
  issuer: TokenIssuer,
  { apiKey, clock = machineClock, revocations }: IdentityOptions,
): Identity {
  const token = createTokenSource({
    clock,
    exchange: async () => {
      const { token, expiresIn } = await issuer.exchangeToken({ apiKey });
      return { token, expiresInMs: Number(expiresIn?.seconds ?? 0n) * 1_000 };
    },
  });
  const feed = new RevocationFeed(revocations(token), clock);
  return {
    token,
    authenticate: createVerifier({
      ...MESH,
      keys: async () => {
        const { keys } = await issuer.listVerificationKeys({});
        return keys.map(({ jwk }): Jwk => JSON.parse(jwk));
      },
      revocations: feed,
      clock,
    }),
    [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose](),
  };
}
