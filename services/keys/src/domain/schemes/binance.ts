import type { SchemeKey, VenueRequest } from '../scheme.js';
import { plain, textOf, type VenueScheme, withHeaders } from './venue-scheme.js';

/**
 * Signed requests of Binance's REST API.
 *
 * The string to sign is the query and the body with nothing between them; HMAC signatures are hex,
 * others base64. Parameters that are added stand at the end of the body if there is one, else of
 * the query. See "SIGNED endpoint examples" in
 * https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md
 */
export const BINANCE: VenueScheme = {
  algorithms: ['hmac_sha256', 'ed25519', 'rsa_pkcs1_sha256'],
  base64: [],
  passphrase: 'none',
  needsKeyId: false,
  needsNonce: false,
  body: 'form',
  reserved: new Set(['timestamp', 'signature']),
  symbols: new Set(['symbol', 'symbols', 'pair']),
  uncovered: () => undefined,
  coversPath: false,
  resembles: (text) => /(^|[?&])timestamp=[0-9]{10,}/.test(text),

  draft(request, key, { at }) {
    const timed = withParameter(request, `timestamp=${at.getTime()}`);
    return {
      toSign: plain(timed.query + textOf(timed.body)),
      finish(signature) {
        const signed = withParameter(timed, `signature=${encoded(signature, key)}`);
        const { venueKeyId } = key;
        return withHeaders(
          signed,
          signature,
          venueKeyId === '' ? {} : { 'X-MBX-APIKEY': venueKeyId },
        );
      },
    };
  },
};

function encoded(signature: Buffer, { algorithm }: SchemeKey): string {
  if (algorithm === 'hmac_sha256') return signature.toString('hex');
  return encodeURIComponent(signature.toString('base64'));
}

function withParameter(request: VenueRequest, parameter: string): VenueRequest {
  const { query, body } = request;
  if (body.length > 0) {
    return { ...request, body: Buffer.concat([body, Buffer.from(`&${parameter}`, 'latin1')]) };
  }
  return { ...request, query: query === '' ? parameter : `${query}&${parameter}` };
}
