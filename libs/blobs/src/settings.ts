import { fileURLToPath } from 'node:url';
import type { BlobStore } from './blob-store.js';
import type { Clock } from './clock.js';
import { type DiskStoreOptions, openDiskStore } from './disk/disk-store.js';
import { isKey } from './keys.js';
import type { S3Credentials } from './s3/client.js';
import type { S3Location } from './s3/location.js';
import { openS3Store } from './s3/s3-store.js';

const FORMS = 'file:///folder or s3://bucket/prefix?region=…&endpoint=…';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const REGION = /^[a-z0-9-]{1,64}$/i;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const PARAMETERS = ['region', 'endpoint', 'path_style', 'plain_http'];

/** Where a service keeps its blobs, as its settings say. */
export type BlobsLocation =
  | ({ readonly kind: 'disk' } & DiskStoreOptions)
  | ({ readonly kind: 's3' } & S3Location);

export interface BlobStoreSettings {
  readonly location: BlobsLocation;
  /** The JSON of the credentials, which S3 needs. */
  readonly credentials?: string;
  readonly clock: Clock;
}

/** Opens the store that the settings of a service name. */
export async function blobStoreFrom(settings: BlobStoreSettings): Promise<BlobStore> {
  const { clock, credentials, location } = settings;
  if (location.kind === 'disk') return openDiskStore(location);
  if (credentials === undefined) throw new Error('blobs in S3 need credentials');
  return openS3Store({ ...location, ...blobsCredentials(credentials), clock });
}

/**
 * Takes where blobs lie: `file:///folder`, or `s3://bucket/prefix?region=…&endpoint=…`.
 *
 * Without an endpoint it is AWS. `path_style` says where the bucket stands in addresses: in the
 * path, unless it is AWS. `plain_http=true` allows an endpoint without TLS that is not on loopback.
 * Errors complete the name of the setting, and do not repeat the text.
 */
export function blobsUrl(text: string): BlobsLocation {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username || url?.password) throw new Error('must hold no credentials');
  if (url?.hash) throw new Error('must have no #fragment');
  if (url?.protocol === 'file:') return diskIn(url);
  if (url?.protocol === 's3:') return s3In(url);
  throw new Error(`must be ${FORMS}`);
}

/**
 * Takes credentials for S3: JSON with `access_key_id` and `secret_access_key`.
 *
 * Errors name what is wrong and repeat nothing of it.
 */
export function blobsCredentials(text: string): S3Credentials {
  const fields = objectIn(text);
  const [accessKeyId, secretAccessKey] = ['access_key_id', 'secret_access_key'].map((name) => {
    const value = fields[name];
    if (typeof value !== 'string' || value === '') {
      throw new Error(`the credentials for blobs need a text as ${name}`);
    }
    return value;
  }) as [string, string];
  return { accessKeyId, secretAccessKey: () => secretAccessKey };
}

function diskIn(url: URL): BlobsLocation {
  if (url.host !== '') throw new Error('must be file:///folder, with three slashes');
  if (url.search !== '') throw new Error('must have no ?parameters with file:');
  const dir = fileURLToPath(url);
  if (dir === '/') throw new Error('must name a folder, not /');
  return { kind: 'disk', dir };
}

function s3In(url: URL): BlobsLocation {
  const parameters = parametersIn(url);
  const bucket = url.host;
  if (!BUCKET.test(bucket)) throw new Error('must name a bucket: s3://bucket');
  const prefix = url.pathname.replace(/^\/|\/$/g, '');
  if (prefix !== '' && !isKey(prefix)) {
    throw new Error('must have a prefix of letters, digits, _ and -, with slashes between');
  }
  const region = parameters.region ?? '';
  if (!REGION.test(region)) throw new Error('must have a ?region=, such as us-east-1');
  const isAws = parameters.endpoint === undefined;
  return {
    kind: 's3',
    bucket,
    prefix,
    region,
    endpoint: endpointIn(
      parameters.endpoint ?? `https://s3.${region}.amazonaws.com`,
      flagIn(parameters, 'plain_http', false),
    ),
    forcePathStyle: flagIn(parameters, 'path_style', !isAws),
  };
}

function parametersIn(url: URL): Readonly<Record<string, string | undefined>> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.includes(name)) {
      throw new Error(`must have no ?parameters but ${PARAMETERS.join(', ')}`);
    }
    if (name in parameters) throw new Error(`must have ${name} only once`);
    parameters[name] = value;
  }
  return parameters;
}

function endpointIn(text: string, allowsPlain: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error('must have an endpoint such as https://host:port');
  }
  if (url.username || url.password) throw new Error('must hold no credentials in its endpoint');
  if (url.search || url.hash) throw new Error('must have an endpoint without parameters');
  if (url.protocol === 'http:' && !allowsPlain && !LOOPBACK.has(url.hostname)) {
    throw new Error('must have an https: endpoint, or plain_http=true');
  }
  return url;
}

function flagIn(
  parameters: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: boolean,
): boolean {
  const value = parameters[name];
  if (value === undefined) return otherwise;
  if (value !== 'true' && value !== 'false') throw new Error(`must have ${name}=true or =false`);
  return value === 'true';
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What JSON.parse says repeats the text.
  }
  if (typeof value !== 'object' || value === null) {
    throw new Error('the credentials for blobs must be a JSON object');
  }
  return value as Readonly<Record<string, unknown>>;
}
