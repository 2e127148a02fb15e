import { invalid, type Violation } from '@ramet/errors';
import type { Algorithm } from '../algorithm.js';
import { BINANCE } from './binance.js';
import { BITFINEX } from './bitfinex.js';
import { BYBIT } from './bybit.js';
import { COINBASE } from './coinbase.js';
import { KRAKEN } from './kraken.js';
import { KUCOIN } from './kucoin.js';
import { OKX } from './okx.js';
import { POLONIEX } from './poloniex.js';
import type { VenueScheme } from './venue-scheme.js';

/** The venues that are known, by their name in `Key.venue`. A new venue is a new row. */
const VENUES: Readonly<Record<string, VenueScheme>> = {
  binance: BINANCE,
  bitfinex: BITFINEX,
  bybit: BYBIT,
  coinbase: COINBASE,
  kraken: KRAKEN,
  kucoin: KUCOIN,
  okx: OKX,
  poloniex: POLONIEX,
};

/** The scheme of a venue; undefined for a name that is not known. */
export function schemeOf(venue: string): VenueScheme | undefined {
  return Object.hasOwn(VENUES, venue) ? VENUES[venue] : undefined;
}

/** What a key for a venue is made of, but for its secret. */
export interface VenueCredential {
  readonly venue: string;
  readonly algorithm: Algorithm;
  readonly venueKeyId: string;
  readonly hasPassphrase: boolean;
}

/** Throws REQUEST_INVALID unless a key of this kind can sign for the venue. */
export function requireVenueCredential(credential: VenueCredential): void {
  const { venue, algorithm, venueKeyId, hasPassphrase } = credential;
  const scheme = schemeOf(venue);
  const violations: Violation[] = [];
  const refuse = (field: string, description: string): void => {
    violations.push({ field, description });
  };
  if (scheme && !scheme.algorithms.includes(algorithm)) {
    refuse('algorithm', `${venue} takes ${scheme.algorithms.join(' and ')} only`);
  }
  if (scheme?.needsKeyId && venueKeyId === '') {
    refuse('venue_key_id', `${venue} wants what it calls the key in each request`);
  }
  const needsPassphrase = scheme !== undefined && scheme.passphrase !== 'none';
  if (needsPassphrase !== hasPassphrase) {
    const description = needsPassphrase ? `${venue} wants one` : 'is for okx and kucoin only';
    refuse('passphrase', description);
  }
  if (violations.length > 0) throw invalid(...violations);
}
