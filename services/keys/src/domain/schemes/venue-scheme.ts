import type { Algorithm } from '../algorithm.js';
import type { Draft, Header, SchemeKey, Signed, ToSign, VenueRequest } from '../scheme.js';
import type { BodyKind } from './request.js';

/** When a request to a venue was accepted. */
export interface VenueMoment {
  readonly at: Date;
  /** Zero where the scheme needs none. */
  readonly nonce: bigint;
}

/** What can be told of a request wherever it is sent. */
export interface Told {
  /** Whether it may be more than reading. */
  readonly acts: boolean;
  /** A parameter that is not known to be for trading or reading; empty where there is none at all. */
  readonly unknown?: string;
}

/** How a venue wants its requests signed. */
export interface VenueScheme {
  readonly algorithms: readonly Algorithm[];
  /** The algorithms whose secrets the venue writes in base64: what signs is what that stands for. */
  readonly base64: readonly Algorithm[];
  /** What becomes of the passphrase of a key: sent as it is, or its HMAC in base64. */
  readonly passphrase: 'none' | 'plain' | 'hmac';
  readonly needsKeyId: boolean;
  /** Whether each request of a key wants a higher number than the one before. */
  readonly needsNonce: boolean;
  readonly body: BodyKind;
  /** The parameters that are set here, in lower case. */
  readonly reserved: ReadonlySet<string>;
  /** What the venue calls what is traded. */
  readonly symbols: ReadonlySet<string>;
  /** Where a request has parameters that the signature does not cover: they must be absent then. */
  uncovered(request: VenueRequest): 'query' | 'body' | undefined;
  /** Which lists of symbols can hold: of a venue with several names for each none can be denied. */
  readonly holdsSymbols: 'both' | 'allowed' | 'none';
  /** The parameters whose text is JSON. */
  readonly nested?: ReadonlySet<string>;
  /**
   * What the names of parameters tell of a request whose signature does not cover where it goes, at
   * venues where that is so. Absent where it covers the path.
   */
  told?(request: VenueRequest, names: readonly string[]): Told;
  /**
   * Whether bytes could be what the venue takes a signature of: a request or a log-in, of any of its
   * APIs and with a key of any algorithm.
   */
  resembles(text: string): boolean;
  draft(request: VenueRequest, key: SchemeKey, moment: VenueMoment): Draft;
}

/** What is to be signed as the algorithm does it. */
export function plain(text: string): ToSign {
  return { bytes: Buffer.from(text, 'latin1'), hash: 'algorithm', encoding: 'plain' };
}

/** A request with headers added to it. */
export function withHeaders(
  { query, body }: Pick<VenueRequest, 'query' | 'body'>,
  signature: Buffer,
  headers: Readonly<Record<string, string>>,
): Signed {
  const added: readonly Header[] = Object.entries(headers).map(([name, value]) => ({
    name,
    value,
  }));
  return { signature, venue: { query, headers: added, body } };
}

/** The path and what follows it, as the request line has them. */
export function target({ path, query }: VenueRequest): string {
  return query === '' ? path : `${path}?${query}`;
}

/** A body as text: what was checked is ASCII, or UTF-8 that is passed on byte by byte. */
export function textOf(body: Buffer): string {
  return body.toString('latin1');
}
