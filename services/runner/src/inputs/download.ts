import { lookup as lookUp } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '@ramet/service';
import { mayFetchFrom } from './addresses.js';
import { InputError } from './input-error.js';

/** How an address may be fetched from. */
export interface DownloadOptions {
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const REDIRECTS = 5;
/** How long until the beginning of an answer, and between two pieces of it. */
const ANSWER_MS = 30_000;

/**
 * Fetches what is at an address, piece by piece.
 *
 * Throws an InputError: one that may pass for a network that fails and a server that has trouble.
 * Each redirect is held to the same rules, and the address that is checked is the one connected to.
 */
export async function* download(address: string, options: DownloadOptions): AsyncGenerator<Buffer> {
  let url = parsed(address);
  for (let hops = 0; hops <= REDIRECTS; hops += 1) {
    const response = await ask(url, options);
    const next = redirectOf(response, url);
    if (!next) {
      yield* bodyOf(response, options);
      return;
    }
    response.destroy();
    url = next;
  }
  throw new InputError(`more than ${REDIRECTS} redirects`);
}

/** An address as it may be shown: without what follows `?`, and without a name and password. */
export function shown(address: string): string {
  try {
    const { protocol, host, pathname } = new URL(address);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'no address';
  }
}

function parsed(address: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(address, base);
  } catch {
    throw new InputError('not an address');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InputError(`neither http nor https: ${url.protocol}`);
  }
  return url;
}

function ask(url: URL, { allowPrivate, clock, signal }: DownloadOptions): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A number is connected to without being looked up.
  if (isIP(host) !== 0 && !mayFetchFrom(host, allowPrivate)) throw refused();
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, {
      agent: false,
      signal,
      lookup: allowed(allowPrivate),
      headers: { 'user-agent': 'ramet', accept: '*/*', 'accept-encoding': 'identity' },
    });
    const cancel = clock.after(ANSWER_MS, () => request.destroy(new Error('no answer in time')));
    request.once('error', (error) => {
      cancel();
      reject(failed(error));
    });
    request.once('response', (response) => {
      cancel();
      resolve(response);
    });
    request.end();
  });
}

/** Looks a name up, and gives only addresses that may be connected to. */
function allowed(allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '');
      const fit = found.filter(({ address }) => mayFetchFrom(address, allowPrivate));
      const [first] = fit;
      if (!first) return callback(refused(), '');
      return options.all ? callback(null, fit) : callback(null, first.address, first.family);
    });
  };
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined;
  if (headers.location === undefined)
    throw new InputError(`status ${statusCode} that leads nowhere`);
  return parsed(headers.location, from);
}

async function* bodyOf(
  response: IncomingMessage,
  { clock }: DownloadOptions,
): AsyncGenerator<Buffer> {
  const { statusCode = 0 } = response;
  if (statusCode !== 200) {
    response.destroy();
    const mayPass = statusCode >= 500 || statusCode === 429;
    throw new InputError(`status ${statusCode}`, { mayPass });
  }
  const stall = () => response.destroy(new Error('nothing came for too long'));
  let cancel = clock.after(ANSWER_MS, stall);
  try {
    for await (const chunk of response) {
      cancel();
      yield chunk;
      cancel = clock.after(ANSWER_MS, stall);
    }
  } catch (error) {
    throw failed(error);
  } finally {
    cancel();
    response.destroy();
  }
}

function refused(): InputError {
  return new InputError('its address is not one that may be fetched from');
}

/** What the network said may name the whole address: only its code is told. */
function failed(error: unknown): InputError {
  if (error instanceof InputError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const isOurs = /^(no answer in time|nothing came for too long)$/.test(message);
  const what = isOurs ? message : (code ?? 'the connection failed');
  return new InputError(what, { mayPass: true, cause: error });
}
