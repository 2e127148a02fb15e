import { plain, target, textOf, type VenueScheme, withHeaders } from './venue-scheme.js';

/**
 * Signed requests of OKX's V5 API.
 *
 * The string to sign is time, method, path with query, and body. The passphrase goes along as it
 * is, so whoever may sign gets to see it. See "Making Requests" in https://www.okx.com/docs-v5/en/
 */
export const OKX: VenueScheme = {
  algorithms: ['hmac_sha256'],
  base64: [],
  passphrase: 'plain',
  needsKeyId: true,
  needsNonce: false,
  body: 'json',
  reserved: new Set(),
  symbols: new Set(['instId', 'instFamily', 'uly']),
  holdsSymbols: 'both',
  uncovered: () => undefined,
  resembles: (text) =>
    /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z|[0-9]{10}(\.[0-9]+)?)(GET|POST|PUT|DELETE)\//.test(
      text,
    ),

  draft(request, key, { at }) {
    const time = at.toISOString();
    return {
      toSign: plain(time + request.method + target(request) + textOf(request.body)),
      finish: (signature) =>
        withHeaders(request, signature, {
          'OK-ACCESS-KEY': key.venueKeyId,
          'OK-ACCESS-SIGN': signature.toString('base64'),
          'OK-ACCESS-TIMESTAMP': time,
          'OK-ACCESS-PASSPHRASE': key.passphrase(),
        }),
    };
  },
};
