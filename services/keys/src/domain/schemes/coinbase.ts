import { plain, type VenueScheme, withHeaders } from './venue-scheme.js';

/** How long a token is good for, in seconds: the most that the venue takes. */
const LIFETIME = 120;

/**
 * Signed requests of Coinbase's Advanced Trade API: each has a JWT of its own.
 *
 * The token names method, host and path, and neither query nor body. See
 * https://docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication
 */
export const COINBASE: VenueScheme = {
  algorithms: ['ecdsa_p256', 'ed25519'],
  base64: ['ed25519'],
  passphrase: 'none',
  needsKeyId: true,
  needsNonce: true,
  body: 'json',
  reserved: new Set(),
  symbols: new Set(['product_id', 'product_ids']),
  // They are in what the token does not cover.
  holdsSymbols: 'none',
  uncovered: () => undefined,
  // A token's JSON may begin with a blank: it is known by its shape alone.
  resembles: (text) => /^[\w-]+\.[\w-]+$/.test(text),

  draft(request, { algorithm, venueKeyId }, { at, nonce }) {
    const seconds = Math.floor(at.getTime() / 1_000);
    const isEddsa = algorithm === 'ed25519';
    const alg = isEddsa ? 'EdDSA' : 'ES256';
    const header = {
      alg,
      kid: venueKeyId,
      nonce: nonce.toString(16).padStart(32, '0'),
      typ: 'JWT',
    };
    const uri = `${request.method} ${request.host}${request.path}`;
    const times = { nbf: seconds, exp: seconds + LIFETIME };
    const claims = { iss: 'cdp', sub: venueKeyId, ...times, uri };
    const text = `${segment(header)}.${segment(claims)}`;
    return {
      toSign: { ...plain(text), encoding: isEddsa ? 'plain' : 'compact' },
      finish: (signature) =>
        withHeaders(request, signature, {
          Authorization: `Bearer ${text}.${signature.toString('base64url')}`,
        }),
    };
  },
};

function segment(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
