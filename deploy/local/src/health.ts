import { connect } from 'node:http2';
import type { Clock } from '@ramet/service';

const TIMEOUT_MS = 2_000;
const GRPC_OK = '0';
/** The head of an uncompressed message, up to the last byte of its length. */
const HEAD = Buffer.alloc(4);
/** Field 1 of HealthCheckRequest, a string. */
const SERVICE = 0x0a;
/** HealthCheckResponse{status: SERVING}. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

function requestFor(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.from([SERVICE, name.length, ...name]);
  return Buffer.concat([HEAD, Buffer.of(message.length), message]);
}

/**
 * Tells whether a gRPC server serves, by grpc.health.v1.Health/Check: one of its services if one is
 * named, else the server as a whole.
 *
 * The one request is written by hand: a launcher needs no more of gRPC to know its services.
 */
export async function isServing(port: number, clock: Clock, service = ''): Promise<boolean> {
  const session = connect(`http://127.0.0.1:${port}`);
  const cancel = clock.after(TIMEOUT_MS, () => session.destroy(new Error('no answer')));
  try {
    return await new Promise<boolean>((resolve, reject) => {
      session.once('error', reject);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const answer: Buffer[] = [];
      let status: unknown;
      stream.on('data', (piece: Buffer) => answer.push(piece));
      stream.once('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.once('error', reject);
      stream.once('close', () => {
        resolve(status === GRPC_OK && Buffer.concat(answer).equals(SERVING));
      });
      stream.end(requestFor(service));
    });
  } finally {
    cancel();
    session.destroy();
  }
}
