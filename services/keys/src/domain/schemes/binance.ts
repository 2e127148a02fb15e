import type { SchemeKey, VenueRequest } from '../scheme.js';
import { BINANCE_PARAMETERS } from './venue-parameters.js';
import { plain, textOf, type VenueScheme, withHeaders } from './venue-scheme.js';

/**
 * Signed requests of Binance's REST API.
 *
 * The string to sign is the query or the body; a request has one of them; HMAC signatures are hex,
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
  symbols: new Set(['symbol', 'symbols', 'pair', 'underlying', 'underlyings', 'isolatedSymbol']),
  nested: new Set(['batchOrders', 'orders']),
  holdsSymbols: 'both',
  // With both, a name could be cut in two: nothing stands between them in what is signed.
  uncovered: ({ query, body }) => (query !== '' && body.length > 0 ? 'query' : undefined),
  told(_, names) {
    const { reading, acting } = BINANCE_PARAMETERS;
    const unknown = names.find((name) => !reading.has(name) && !acting.has(name));
    const acts = !names.every((name) => reading.has(name));
    return { acts, ...(unknown !== undefined && { unknown }) };
  },
  // And the log-in to its FIX API, which keys of Ed25519 alone are good for.
  resembles: (text) => text.startsWith('A\u0001') || text.split(/[?&]/).some(isTimestamp),

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

/** The venue decodes names before it looks for the one that every signed request has. */
function isTimestamp(part: string): boolean {
  const [name = ''] = part.split('=');
  const plain = name.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return plain.trim().toLowerCase() === 'timestamp';
}
