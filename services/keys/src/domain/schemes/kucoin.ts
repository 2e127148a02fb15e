import { plain, target, textOf, type VenueScheme, withHeaders } from './venue-scheme.js';

/**
 * Signed requests of KuCoin, with keys of version 2.
 *
 * The string to sign is time, method, path with query, and body. The passphrase goes along as its
 * HMAC under the secret. See "Signing" in https://www.kucoin.com/docs-new/authentication
 */
export const KUCOIN: VenueScheme = {
  algorithms: ['hmac_sha256'],
  base64: [],
  passphrase: 'hmac',
  needsKeyId: true,
  needsNonce: false,
  body: 'json',
  reserved: new Set(),
  symbols: new Set(['symbol', 'symbols']),
  holdsSymbols: 'both',
  uncovered: () => undefined,
  resembles: (text) => /^[0-9]{13}(GET|POST|PUT|DELETE)\//.test(text),

  draft(request, key, { at }) {
    const time = `${at.getTime()}`;
    return {
      toSign: plain(time + request.method + target(request) + textOf(request.body)),
      finish: (signature) =>
        withHeaders(request, signature, {
          'KC-API-KEY': key.venueKeyId,
          'KC-API-SIGN': signature.toString('base64'),
          'KC-API-TIMESTAMP': time,
          'KC-API-PASSPHRASE': key.passphrase(),
          'KC-API-KEY-VERSION': '2',
        }),
    };
  },
};
