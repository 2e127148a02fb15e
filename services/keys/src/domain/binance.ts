import { invalid, type Violation } from '@ramet/errors';
import type { SchemeKey, VenueRequest, VenueScheme } from './scheme.js';

/** What this service sets itself. */
const RESERVED = new Set(['timestamp', 'signature']);

const HEADER = 'X-MBX-APIKEY';

/**
 * Signed requests of Binance's REST API.
 *
 * The string to sign is the query and the body with nothing between them; HMAC signatures are hex,
 * Ed25519 signatures base64. Parameters that are added stand at the end of the body if there is
 * one, else of the query. See "SIGNED endpoint examples" in
 * https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md
 */
export const BINANCE: VenueScheme = {
  algorithms: ['hmac_sha256', 'ed25519'],

  check({ query, body }) {
    const text = body.toString('latin1');
    const violations = [...problems('venue.query', query), ...problems('venue.body', text)];
    if (violations.length > 0) throw invalid(...violations);
  },

  draft(request, at, key) {
    const timed = withParameter(request, `timestamp=${at.getTime()}`);
    const text = timed.query + timed.body.toString('latin1');
    return {
      bytes: Buffer.from(text, 'latin1'),
      finish(signature) {
        const { query, body } = withParameter(timed, `signature=${encoded(signature, key)}`);
        const headers = key.venueKeyId === '' ? [] : [{ name: HEADER, value: key.venueKeyId }];
        return { query, headers, body };
      },
    };
  },
};

function encoded(signature: Buffer, { algorithm }: SchemeKey): string {
  if (algorithm === 'ed25519') return encodeURIComponent(signature.toString('base64'));
  return signature.toString('hex');
}

function withParameter(request: VenueRequest, parameter: string): VenueRequest {
  const { query, body } = request;
  if (body.length > 0) {
    return { ...request, body: Buffer.concat([body, Buffer.from(`&${parameter}`, 'latin1')]) };
  }
  return { ...request, query: query === '' ? parameter : `${query}&${parameter}` };
}

function problems(field: string, text: string): readonly Violation[] {
  if (!/^[!-~]*$/.test(text)) {
    return [{ field, description: 'must be percent-encoded: visible ASCII only' }];
  }
  return text.split('&').flatMap((parameter) => {
    const [name = ''] = parameter.split('=', 1);
    const decoded = decode(name);
    if (decoded === undefined) return [{ field, description: 'is not percent-encoded correctly' }];
    if (!RESERVED.has(decoded.toLowerCase())) return [];
    return [{ field, description: `must not have ${decoded}: it is set here` }];
  });
}

function decode(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
