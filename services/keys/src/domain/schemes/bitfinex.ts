import { plain, textOf, type VenueScheme, withHeaders } from './venue-scheme.js';

/**
 * Signed requests of Bitfinex's v2 API.
 *
 * The string to sign is `/api`, path, nonce and body; the signature is hex. See
 * https://docs.bitfinex.com/docs/rest-auth
 */
export const BITFINEX: VenueScheme = {
  algorithms: ['hmac_sha384'],
  base64: [],
  passphrase: 'none',
  needsKeyId: true,
  needsNonce: true,
  body: 'json',
  reserved: new Set(),
  symbols: new Set(['symbol']),
  holdsSymbols: 'both',
  uncovered: () => 'query',
  resembles: (text) => /^\/api\/|^AUTH[0-9]+$/.test(text),

  draft(request, { venueKeyId }, { nonce }) {
    return {
      toSign: plain(`/api${request.path}${nonce}${textOf(request.body)}`),
      finish: (signature) =>
        withHeaders(request, signature, {
          'bfx-apikey': venueKeyId,
          'bfx-nonce': `${nonce}`,
          'bfx-signature': signature.toString('hex'),
        }),
    };
  },
};
