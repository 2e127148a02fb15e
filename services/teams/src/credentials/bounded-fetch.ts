import { isSafeUrl } from '../domain/identity-provider.js';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

/**
 * Reads a document of an identity provider: over https or on this machine, without a redirect, small
 * and soon. Throws otherwise.
 */
export async function boundedFetch(url: string): Promise<Response> {
  if (!isSafeUrl(url)) throw new Error('an identity provider is asked over https only');
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { status, body } = response;
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
