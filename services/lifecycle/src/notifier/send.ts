import { lookup as lookUp } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '@ramet/service';
import { isAllowedAddress, literalAddress } from '../domain/webhook-url.js';

/** Why an attempt failed, for users to read. */
export type Problem =
  | 'TIMEOUT'
  | 'NAME_NOT_FOUND'
  | 'ADDRESS_REFUSED'
  | 'CONNECTION_FAILED'
  | 'TLS_FAILED'
  | 'RESPONSE_REFUSED';

/** What came of one request. */
export interface Sent {
  /** The status that was answered with; 0 if there was no answer. */
  readonly code: number;
  /** Empty: the receiver has taken it. */
  readonly problem: Problem | '';
  readonly latencyMs: number;
}

/** One request: a POST of JSON. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An address that a name has. */
export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Looks up all addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

export interface SenderOptions {
  /** Whether private addresses and plain HTTP are allowed. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

/** Sends a request. Never throws; undefined if it was broken off by the signal. */
export type Send = (post: Post, signal: AbortSignal) => Promise<Sent | undefined>;

const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 64 * 1024;

/**
 * Makes what sends to the URLs of users: they must not reach what only this machine can.
 *
 * Each request has a connection of its own, to an address that was checked and not looked up again.
 * Redirects are not followed, and certificates are verified.
 */
export function createSender(options: SenderOptions): Send {
  const { clock, timeoutMs = TIMEOUT_MS } = options;
  return async (post, signal) => {
    if (signal.aborted) return undefined;
    const start = clock.elapsed();
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    const cancelTimer = clock.after(timeoutMs, onAbort);
    try {
      const code = await exchange(post, options, stop.signal);
      return sent(code, isTaken(code) ? '' : 'RESPONSE_REFUSED', clock.elapsed() - start);
    } catch (thrown) {
      if (signal.aborted) return undefined;
      const problem = stop.signal.aborted ? 'TIMEOUT' : problemOf(thrown);
      return sent(0, problem, clock.elapsed() - start);
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    }
  };
}

function sent(code: number, problem: Sent['problem'], latencyMs: number): Sent {
  return { code, problem, latencyMs: Math.round(latencyMs) };
}

function isTaken(code: number): boolean {
  return code >= 200 && code < 300;
}

/** Sends the request and reads the status of the answer, and so much of it that it can end well. */
async function exchange(
  { url, headers, body }: Post,
  { allowPrivate, resolve = resolveAll }: SenderOptions,
  signal: AbortSignal,
): Promise<number> {
  const { protocol, hostname } = new URL(url);
  const isAllowed = ({ address }: Address): boolean => isAllowedAddress(address, allowPrivate);
  const literal = literalAddress(hostname);
  // What is no name is not looked up, and so has to be held against the rule here.
  if (literal && !isAllowed({ address: literal, family: 0 })) throw new AddressRefused(hostname);
  if (protocol !== 'https:' && !allowPrivate) throw new AddressRefused(hostname);

  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  const options = {
    method: 'POST',
    agent: false as const,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    lookup: checkedLookup(resolve, isAllowed),
    maxHeaderSize: MAX_RESPONSE_BYTES,
    signal,
  };
  return new Promise((settle, fail) => {
    const call = request(url, options, (response) => settle(statusOf(call, response)));
    call.on('error', fail);
    // An answer that is none, such as an upgrade, ends without an error.
    call.on('close', () => fail(new Error('the connection was closed')));
    call.end(body);
  });
}

/** The status, which stands whatever becomes of the rest. */
function statusOf(call: ClientRequest, response: IncomingMessage): Promise<number> {
  const { statusCode = 0 } = response;
  let bytes = 0;
  return new Promise((settle) => {
    const done = (): void => {
      call.destroy();
      settle(statusCode);
    };
    // It has to have a listener for as long as it lives.
    call.on('error', done);
    response.on('error', done).on('end', done).on('close', done);
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_RESPONSE_BYTES) done();
    });
  });
}

/** Looks a name up once, for a connection that goes to what was found and nowhere else. */
function checkedLookup(resolve: Resolve, isAllowed: (address: Address) => boolean): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first, ...others] = addresses.filter(isAllowed);
        if (!first) return callback(new AddressRefused(hostname), '', 0);
        if (all) return callback(null, [first, ...others]);
        return callback(null, first.address, first.family);
      },
      (thrown: NodeJS.ErrnoException) => callback(thrown, '', 0),
    );
  };
}

async function resolveAll(hostname: string): Promise<readonly Address[]> {
  return lookUp(hostname, { all: true });
}

class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  constructor(hostname: string) {
    super(`webhooks are not sent to ${hostname}`);
  }
}

const NO_NAME = ['ENOTFOUND', 'ENODATA', 'EAI_AGAIN', 'EAI_NONAME'];
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)|^EPROTO$/;

function problemOf(thrown: unknown): Problem {
  if (thrown instanceof AddressRefused) return 'ADDRESS_REFUSED';
  const { code = '' } = thrown as NodeJS.ErrnoException;
  if (NO_NAME.includes(code)) return 'NAME_NOT_FOUND';
  return TLS.test(code) ? 'TLS_FAILED' : 'CONNECTION_FAILED';
}
