import { BYBIT_PARAMETERS } from './venue-parameters.js';
import { plain, textOf, type VenueScheme, withHeaders } from './venue-scheme.js';

/** How long the venue may take to get the request, in milliseconds: its own default. */
const RECEIVE_WINDOW = '5000';

/**
 * Signed requests of Bybit's V5 API.
 *
 * The string to sign is time, key, window, and the query of a GET or the body of a POST. See
 * "Authentication" in https://bybit-exchange.github.io/docs/v5/guide
 */
export const BYBIT: VenueScheme = {
  algorithms: ['hmac_sha256', 'rsa_pkcs1_sha256'],
  base64: [],
  passphrase: 'none',
  needsKeyId: true,
  needsNonce: false,
  body: 'json',
  reserved: new Set(),
  symbols: new Set(['symbol']),
  holdsSymbols: 'both',
  uncovered: ({ method }) => (method === 'GET' ? 'body' : 'query'),
  told({ method }, names) {
    const acts = method !== 'GET';
    // A query that is empty is signed like a body that is: one that has the key deleted is.
    if (names.length === 0) return { acts, unknown: '' };
    const unknown = names.find((name) => acts && !BYBIT_PARAMETERS.acting.has(name));
    return { acts, ...(unknown !== undefined && { unknown }) };
  },
  resembles: (text) => /^[0-9]{13}[!-~]{10,}|^GET\/realtime[0-9]+$/.test(text),

  draft(request, { algorithm, venueKeyId }, { at }) {
    const time = `${at.getTime()}`;
    const content = request.method === 'GET' ? request.query : textOf(request.body);
    return {
      toSign: plain(time + venueKeyId + RECEIVE_WINDOW + content),
      finish: (signature) =>
        withHeaders(request, signature, {
          'X-BAPI-API-KEY': venueKeyId,
          'X-BAPI-TIMESTAMP': time,
          'X-BAPI-RECV-WINDOW': RECEIVE_WINDOW,
          'X-BAPI-SIGN': signature.toString(algorithm === 'hmac_sha256' ? 'hex' : 'base64'),
        }),
    };
  },
};
