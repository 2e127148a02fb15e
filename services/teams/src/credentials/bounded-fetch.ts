import type { Clock } from '@ramet/service';
import { isSafeUrl } from '../domain/identity-provider.js';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

/** Reads a document at a URL. */
export type Fetch = (url: string) => Promise<Response>;

/**
 * Makes what reads documents of identity providers: over https or on this machine, without a
 * redirect, small and soon. It throws otherwise.
 */
export function createBoundedFetch(clock: Clock): Fetch {
  return async (url) => {
    if (!isSafeUrl(url)) throw new Error('an identity provider is asked over https only');
    const late = new AbortController();
    const cancel = clock.after(TIMEOUT_MS, () => late.abort());
    try {
      return await read(url, late.signal);
    } finally {
      cancel();
    }
  };
}

async function read(url: string, signal: AbortSignal): Promise<Response> {
  const headers = { accept: 'application/json' };
  const { status, body } = await fetch(url, { redirect: 'error', headers, signal });
  return new Response(new Uint8Array(await readAll(body)), { status });
}

async function readAll(body: ReadableStream<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error('an identity provider has answered with too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
