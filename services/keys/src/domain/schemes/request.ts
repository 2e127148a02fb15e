import type { Violation } from '@ramet/errors';
import type { VenueRequest } from '../scheme.js';
import { type Json, readJson } from './json.js';

/** A parameter of a query or of a form, decoded. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** What a venue takes as a body. */
export type BodyKind = 'form' | 'json';

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?$/;
const SEGMENT = /^[A-Za-z0-9._~!$&'()*+,:@=-]+$/;
/** What RFC 3986 lets stand in a query. JSON, and what else could be read in two ways, does not. */
const QUERY = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*$/;
/** What venues call a parameter. Text of any kind is a value. */
const PARAMETER = /^[\w.\-[\]]{1,64}$/;

/**
 * What is wrong with where a request goes.
 *
 * A path has one spelling only: what is matched against a grant's limits is then what the venue
 * reads. So it has no percent-encoding, no empty segment but the last, no `.` and no `..`.
 */
export function problemsOfTarget({ host, path }: VenueRequest): readonly Violation[] {
  const isHost = host === '' || HOST.test(host);
  const badHost = { field: 'venue.host', description: 'must be a host in lower case, or empty' };
  return [...(isHost ? [] : [badHost]), ...problemsOfPath(path)];
}

function problemsOfPath(path: string): readonly Violation[] {
  const segments = path.replace(/\/$/, '').split('/').slice(1);
  const arePlain = segments.every((part) => SEGMENT.test(part) && part !== '.' && part !== '..');
  if (path.startsWith('/') && arePlain) return [];
  const description = 'must be plain segments: no %, no empty one, no . and no ..';
  return [{ field: 'venue.path', description }];
}

/** The parameters of a query or form, or what is wrong with it. */
export function readParameters(field: string, text: string): readonly Parameter[] | Violation {
  if (!QUERY.test(text)) {
    return { field, description: 'must be percent-encoded, as RFC 3986 has it' };
  }
  const parameters: Parameter[] = [];
  for (const part of text === '' ? [] : text.split('&')) {
    const [name = '', ...value] = part.split('=');
    const parameter = { name: decode(name), value: decode(value.join('=')) };
    if (!isSound(parameter)) return { field, description: 'is not percent-encoded correctly' };
    if (!PARAMETER.test(parameter.name)) {
      return { field, description: 'must have names of letters, digits, and _ . - [ ]' };
    }
    parameters.push(parameter);
  }
  return parameters;
}

function isSound(read: { name: string | undefined; value: string | undefined }): read is Parameter {
  return read.name !== undefined && read.name !== '' && read.value !== undefined;
}

/** Undefined for what is not percent-encoded UTF-8, and for control characters in it. */
function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return /[\u0000-\u001f\u007f]/.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** The body as parameters or as JSON, or what is wrong with it. */
export function readBody(kind: BodyKind, body: Buffer): readonly Parameter[] | Violation {
  if (body.length === 0) return [];
  if (kind === 'form') return readParameters('venue.body', body.toString('latin1'));
  const json = readJson(body);
  if ('problem' in json) return { field: 'venue.body', description: json.problem };
  return parametersIn(json.value);
}

/** The members of a parameter whose text is JSON, or what is wrong with it. */
export function readNested(
  field: string,
  { name, value }: Parameter,
): readonly Parameter[] | Violation {
  const json = readJson(Buffer.from(value));
  if ('problem' in json) return { field, description: `${name} ${json.problem}` };
  return parametersIn(json.value);
}

/**
 * The members in it, wherever they are, each with its text, or each of the texts in its array. What
 * is no text has an empty one: its name is there all the same.
 */
function parametersIn(json: Json, name = ''): readonly Parameter[] {
  if (typeof json === 'string') return [{ name, value: json }];
  if (Array.isArray(json)) return json.flatMap((item: Json) => parametersIn(item, name));
  const own = { name, value: '' };
  if (!(json instanceof Map)) return [own];
  return [own, ...[...json].flatMap(([member, value]) => parametersIn(value, member))];
}

/** What is wrong with parameters that a venue's scheme sets itself, or that stand twice. */
export function problemsOfNames(
  field: string,
  parameters: readonly Parameter[],
  reserved: ReadonlySet<string>,
): readonly Violation[] {
  const known = new Set<string>();
  return parameters.flatMap(({ name }) => {
    if (reserved.has(name.toLowerCase())) {
      return [{ field, description: `must not have ${name}: it is set here` }];
    }
    if (known.has(name)) return [{ field, description: `must have ${name} once` }];
    known.add(name);
    return [];
  });
}
