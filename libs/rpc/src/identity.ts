import type { Authenticate } from './endpoint.js';
import { type Clock, machineClock } from './ports.js';
import { createTokenSource } from './token-source.js';
import { createVerifier, type Jwk } from './tokens.js';

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
export interface Identity {
  /** Its own token, for calls to other services. */
  readonly token: () => Promise<string>;
  readonly authenticate: Authenticate;
}

/** Whose tokens count in a mesh, and for whom they are. */
const MESH = { issuer: 'ramet', audience: 'ramet' };

/** Makes a service's identity from its API key, which it shows to the issuer alone. */
export function createIdentity(
  issuer: TokenIssuer,
  { apiKey, clock = machineClock }: { readonly apiKey: string; readonly clock?: Clock },
): Identity {
  return {
    token: createTokenSource({
      clock,
      exchange: async () => {
        const { token, expiresIn } = await issuer.exchangeToken({ apiKey });
        return { token, expiresInMs: Number(expiresIn?.seconds ?? 0n) * 1_000 };
      },
    }),
    authenticate: createVerifier({
      ...MESH,
      keys: async () => {
        const { keys } = await issuer.listVerificationKeys({});
        return keys.map(({ jwk }): Jwk => JSON.parse(jwk));
      },
      clock,
    }),
  };
}
