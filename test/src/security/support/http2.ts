import { connect, constants, type OutgoingHttpHeaders } from 'node:http2';

/** What came back of an HTTP/2 request: a status of gRPC, or the error that ended it. */
export interface Reply {
  readonly status: string;
  readonly error: string;
}

const WITHIN_MS = 10_000;

/** Sends what no gRPC library would. */
export function sendRaw(
  address: string,
  path: string,
  { headers = {}, body }: { readonly headers?: OutgoingHttpHeaders; readonly body: Uint8Array },
): Promise<Reply> {
  const session = connect(`http://${address}`, { maxSendHeaderBlockLength: 1 << 24 });
  const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;
  return new Promise<Reply>((resolve) => {
    let status = '';
    const end = (error: string): void => resolve({ status, error });
    const note = (fields: OutgoingHttpHeaders): void => {
      status = String(fields['grpc-status'] ?? status);
    };
    session.on('error', ({ message }) => end(message));
    session.on('close', () => end('closed'));
    const stream = session.request({
      [HTTP2_HEADER_METHOD]: 'POST',
      [HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.setTimeout(WITHIN_MS, () => end('no answer'));
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', ({ message }) => end(message));
    stream.on('end', () => end(''));
    stream.resume();
    stream.end(body);
  }).finally(() => session.destroy());
}

/** A message as gRPC frames it. */
export function framed(message: Uint8Array, isCompressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
