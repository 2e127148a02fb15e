import type { Caller } from '@ramet/rpc';
import type { Asker, Once, PageAsk } from '../domain/asker.js';

/** Who asks. Services see everything: what they may ask for is in the contract. */
export function askerOf({ kind, id, admin }: Caller): Asker {
  return { id, seesAll: admin || kind === 'service', actor: `${kind}:${id}` };
}

/** Which page a request asks for. */
export function pageOf(request: {
  readonly pageSize: number;
  readonly pageToken: string;
}): PageAsk {
  return { size: request.pageSize, token: request.pageToken };
}

interface Codec<Request> {
  encode(request: Request): { finish(): Uint8Array };
}

/** What makes a request safe to repeat: its id, and all the rest of it. */
export function onceOf<Request extends { readonly requestId: string }>(
  method: string,
  { encode }: Codec<Request>,
  request: Request,
): Once {
  const body = encode({ ...request, requestId: '' }).finish();
  return { requestId: request.requestId, body: Buffer.concat([Buffer.from(`${method}\0`), body]) };
}
