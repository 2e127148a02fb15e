import type { VenueRequest } from '../scheme.js';
import { plain, textOf, type VenueScheme, withHeaders } from './venue-scheme.js';

/**
 * Signed requests of Poloniex's spot API.
 *
 * The string to sign is method, path and parameters, each on a line. The parameters are those of
 * the query with the time, sorted by name, or the body and the time. See "Authentication" in
 * https://api-docs.poloniex.com/spot/api
 */
export const POLONIEX: VenueScheme = {
  algorithms: ['hmac_sha256'],
  base64: [],
  passphrase: 'none',
  needsKeyId: true,
  needsNonce: false,
  body: 'json',
  reserved: new Set(['signtimestamp', 'requestbody']),
  symbols: new Set(['symbol']),
  holdsSymbols: 'both',
  uncovered: ({ body }) => (body.length > 0 ? 'query' : undefined),
  resembles: (text) => /^(GET|POST|PUT|DELETE)\n\//.test(text),

  draft(request, { venueKeyId }, { at }) {
    const time = `${at.getTime()}`;
    const text = `${request.method}\n${request.path}\n${parametersOf(request, time)}`;
    return {
      toSign: plain(text),
      finish: (signature) =>
        withHeaders(request, signature, {
          key: venueKeyId,
          signTimestamp: time,
          signature: signature.toString('base64'),
        }),
    };
  },
};

function parametersOf({ query, body }: VenueRequest, time: string): string {
  if (body.length > 0) return `requestBody=${textOf(body)}&signTimestamp=${time}`;
  const given = query === '' ? [] : query.split('&');
  return [...given, `signTimestamp=${time}`].sort(byName).join('&');
}

function byName(one: string, other: string): number {
  const [name = ''] = one.split('=', 1);
  const [otherName = ''] = other.split('=', 1);
  return name < otherName ? -1 : Number(name > otherName);
}
