import { conflict, invalid } from '@ramet/errors';
import type { Algorithm } from './algorithm.js';
import { BINANCE } from './binance.js';
import type { Operation } from './grant.js';

/** A request to a trading venue, before it is signed. */
export interface VenueRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
}

/** What is to be signed. */
export type Payload =
  | { readonly kind: 'raw'; readonly bytes: Buffer }
  | { readonly kind: 'venue'; readonly request: VenueRequest };

/** What a venue's request has become. */
export interface SignedVenueRequest {
  readonly query: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

/** An HTTP header. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** What a scheme needs to know of the key. */
export interface SchemeKey {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly venue: string;
  readonly venueKeyId: string;
}

/** Bytes for `sign`, and how it is to take them and to write the signature. */
export interface ToSign {
  readonly bytes: Buffer;
  /** `algorithm`: what the algorithm does by itself. `none`: the bytes are a digest already. */
  readonly hash: 'algorithm' | 'none' | 'keccak256' | 'sha256';
  /** `compact`: r and s. `recoverable`: r, s and 0 or 1. `plain`: the algorithm's own form. */
  readonly encoding: 'plain' | 'der' | 'compact' | 'recoverable';
}

/** Bytes to sign, and what to make of their signature. */
export interface Draft {
  readonly bytes: Buffer;
  finish(signature: Buffer): SignedVenueRequest | undefined;
}

/** How a venue wants its requests signed. A new venue is a new row of VENUES. */
export interface VenueScheme {
  readonly algorithms: readonly Algorithm[];
  /** Throws REQUEST_INVALID for a request that cannot be signed, naming the field. */
  check(request: VenueRequest): void;
  /** What to sign at a time. The same time gives the same bytes. */
  draft(request: VenueRequest, at: Date, key: SchemeKey): Draft;
}

/** The venues that are known, by their name in `Key.venue`. */
const VENUES: Readonly<Record<string, VenueScheme>> = { binance: BINANCE };

/** A payload that fits its key: ready to be accepted, then drafted. */
export interface Signable {
  /** `raw`, or the name of the venue. */
  readonly scheme: string;
  readonly operation: Operation;
  draft(at: Date): Draft;
}

/** Makes a payload ready. Throws VENUE_UNSUPPORTED or REQUEST_INVALID if it does not fit the key. */
export function signable(payload: Payload, key: SchemeKey): Signable {
  if (payload.kind === 'raw') {
    const draft = { bytes: payload.bytes, finish: () => undefined };
    return { scheme: 'raw', operation: 'raw', draft: () => draft };
  }
  const venue = VENUES[key.venue];
  if (!venue) {
    const subject = { kind: 'key', id: key.id };
    throw conflict('VENUE_UNSUPPORTED', subject, 'the key is for no venue');
  }
  const { request } = payload;
  venue.check(request);
  return {
    scheme: key.venue,
    operation: 'venue',
    draft: (at) => venue.draft(request, at, key),
  };
}

/** Throws REQUEST_INVALID unless keys of the algorithm can sign for the venue. */
export function requireVenueAlgorithm(venue: string, algorithm: Algorithm): void {
  const scheme = VENUES[venue];
  if (!scheme || scheme.algorithms.includes(algorithm)) return;
  const description = `${venue} takes ${scheme.algorithms.join(' and ')} only`;
  throw invalid({ field: 'algorithm', description });
}

/** The parts of a payload that a repeated request must have in common with the first one. */
export function partsOf(payload: Payload): readonly (string | Buffer)[] {
  if (payload.kind === 'raw') return [payload.bytes];
  const { method, host, path, query, body } = payload.request;
  return [method, host, path, query, body];
}
