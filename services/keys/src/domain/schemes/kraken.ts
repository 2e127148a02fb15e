import { sha256 } from '@noble/hashes/sha2.js';
import { type VenueScheme, withHeaders } from './venue-scheme.js';

const DIGEST_BYTES = 32;

/**
 * Signed requests of Kraken's spot API.
 *
 * What is signed is the path and the SHA-256 of nonce and body; the body starts with the nonce. The
 * secret is base64. See https://docs.kraken.com/api/docs/guides/spot-rest-auth
 */
export const KRAKEN: VenueScheme = {
  algorithms: ['hmac_sha512'],
  base64: ['hmac_sha512'],
  passphrase: 'none',
  needsKeyId: true,
  needsNonce: true,
  body: 'form',
  reserved: new Set(['nonce']),
  symbols: new Set(['pair', 'asset']),
  // XBTUSD, XXBTZUSD and XBT/USD are one.
  holdsSymbols: 'allowed',
  uncovered: () => 'query',
  // Requests for futures and the log-in to its FIX API sign no more than a SHA-256.
  resembles: (text) => text.startsWith('/0/private/') || text.length === DIGEST_BYTES,

  draft(request, { venueKeyId }, { nonce }) {
    const first = Buffer.from(request.body.length === 0 ? `nonce=${nonce}` : `nonce=${nonce}&`);
    const body = Buffer.concat([first, request.body]);
    const digest = sha256(Buffer.concat([Buffer.from(`${nonce}`), body]));
    const bytes = Buffer.concat([Buffer.from(request.path), digest]);
    return {
      toSign: { bytes, hash: 'algorithm', encoding: 'plain' },
      finish: (signature) =>
        withHeaders({ ...request, body }, signature, {
          'API-Key': venueKeyId,
          'API-Sign': signature.toString('base64'),
        }),
    };
  },
};
