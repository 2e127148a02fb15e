import { conflict, invalid, type Violation } from '@ramet/errors';
import type { SchemeKey, Signable, VenueFacts, VenueRequest } from '../scheme.js';
import { isDangerous } from '../venue-paths.js';
import {
  type Parameter,
  problemsOfNames,
  problemsOfTarget,
  readBody,
  readNested,
  readParameters,
} from './request.js';
import type { VenueScheme } from './venue-scheme.js';
import { schemeOf } from './venues.js';

/**
 * Names that only requests of withdrawals, transfers, gifts and API keys have, at the venues whose
 * signatures do not cover the path. In lower case: some venues do not tell one from the other.
 */
const TELLING: ReadonlySet<string> = new Set([
  ...['address', 'addresstag', 'accountinfo', 'questionnaire', 'toemail', 'fromemail', 'email'],
  ...['tomemberid', 'frommemberid', 'submemberids', 'touid', 'fromuid', 'toid', 'topooluser'],
  ...['toaccounttype', 'fromaccounttype', 'permissions', 'subuid', 'subaccountid', 'token'],
  ...['basetoken', 'facetoken', 'apiname', 'publickey', 'permissionmode', 'permissionsmode', 'ip'],
  ...['ips', 'readonly', 'username', 'membertype', 'subaccountstring', 'transferid', 'quoteid'],
  ...['transfertype', 'fromasset', 'toasset', 'fromcoin', 'tocoin', 'quotetxid'],
]);
/** Names that together are of transfers alone: orders have a quantity. */
const TELLING_TOGETHER = ['asset', 'amount'];

/** Makes a request to the key's venue ready. Throws VENUE_UNSUPPORTED and REQUEST_INVALID. */
export function signableVenue(request: VenueRequest, key: SchemeKey): Signable {
  const scheme = schemeOf(key.venue);
  if (!scheme) {
    throw conflict('VENUE_UNSUPPORTED', { kind: 'key', id: key.id }, 'the key is for no venue');
  }
  const parameters = parametersOf(request, scheme, key.venue);
  const bytes = request.query.length + request.body.length;
  const venue = factsOf(request, scheme, parameters);
  return {
    scheme: key.venue,
    operation: 'venue',
    facts: { operation: 'venue', scheme: key.venue, bytes, venue },
    needsNonce: scheme.needsNonce,
    draft({ at, nonce }) {
      if (scheme.needsNonce && nonce === undefined) throw new Error('the scheme needs a nonce');
      return scheme.draft(request, key, { at, nonce: nonce ?? 0n });
    },
  };
}

/** The parameters of a request that can be signed. Throws REQUEST_INVALID, naming the fields. */
function parametersOf(
  request: VenueRequest,
  scheme: VenueScheme,
  venue: string,
): readonly Parameter[] {
  const query = readParameters('venue.query', request.query);
  const body = readBody(scheme.body, request.body);
  const found = [query, body].map((read) => (isViolation(read) ? [] : read));
  const nested = [
    ...nestedIn('venue.query', found[0] ?? [], scheme),
    ...nestedIn('venue.body', found[1] ?? [], scheme),
  ];
  const parameters = [
    ...found.flat(),
    ...nested.flatMap((each) => (isViolation(each) ? [] : each)),
  ];
  const violations = [
    ...problemsOfTarget(request),
    ...[query, body, ...nested].filter(isViolation),
    ...problemsOfNames('venue.query', found[0] ?? [], scheme.reserved),
    ...problemsOfBody(found, scheme),
    ...problemsOfCover({ request, venue }, scheme, parameters),
  ];
  if (violations.length > 0) throw invalid(...violations);
  return parameters;
}

/** What is in the parameters whose text is JSON, each of them, or what is wrong with it. */
function nestedIn(
  field: string,
  parameters: readonly Parameter[],
  { nested }: VenueScheme,
): readonly (readonly Parameter[] | Violation)[] {
  return parameters
    .filter(({ name }) => nested?.has(name))
    .map((parameter) => readNested(field, parameter));
}

/** A form's parameters stand once in the whole request; JSON may have a name in many objects. */
function problemsOfBody(
  [query = [], body = []]: readonly (readonly Parameter[])[],
  { body: kind, reserved }: VenueScheme,
): readonly Violation[] {
  if (kind === 'json') return [];
  const inQuery = query.map(({ name }) => name.toLowerCase());
  return problemsOfNames('venue.body', body, new Set([...reserved, ...inQuery]));
}

/**
 * What the signature does not cover must not be there, or say nothing new.
 *
 * A venue whose signature does not cover the path would take the parameters of a withdrawal on
 * another path than the one that was matched with the grant's limits.
 */
function problemsOfCover(
  { request, venue }: { readonly request: VenueRequest; readonly venue: string },
  scheme: VenueScheme,
  parameters: readonly Parameter[],
): readonly Violation[] {
  const uncovered = scheme.uncovered(request);
  if (uncovered && request[uncovered].length > 0) {
    const description = `must be empty: the signature of a ${request.method} does not cover it`;
    return [{ field: `venue.${uncovered}`, description }];
  }
  if (!scheme.told || isDangerous(venue, request.path)) return [];
  const names = new Set(parameters.map(({ name }) => name.toLowerCase()));
  const isTelling = [...names].some((name) => TELLING.has(name));
  if (!isTelling && !TELLING_TOGETHER.every((name) => names.has(name))) return [];
  const what = 'withdrawals, transfers or API keys';
  const description = `must be one of ${what}: the request has a parameter that is for those`;
  return [{ field: 'venue.path', description }];
}

function factsOf(
  request: VenueRequest,
  scheme: VenueScheme,
  parameters: readonly Parameter[],
): VenueFacts {
  const { method, host, path } = request;
  const names = parameters.map(({ name }) => name).filter((name) => name !== '');
  const named = parameters.filter(({ name }) => scheme.symbols.has(innermost(name)));
  // Some venues take several as one text: `A,B`, or an array in JSON.
  const each = named.flatMap(({ value }) => value.split(/[,;"'[\]\s]+/));
  const symbol = [...new Set(each.filter((text) => text !== ''))].join(',');
  return {
    ...{ method, host, path, ...(symbol !== '' && { symbol }) },
    ...scheme.told?.(request, names),
  };
}

/** What the last brackets of a name have in them, as forms write what is in lists: `a[0][pair]`. */
function innermost(name: string): string {
  return /\[([^[\]]+)\]$/.exec(name)?.[1] ?? name;
}

function isViolation(read: readonly Parameter[] | Violation): read is Violation {
  return 'description' in read;
}
