import { connect as connectHttp2 } from 'node:http2';
import { systemClock } from '@ramet/service';
import type { Replica } from './world.js';

const WAIT_MS = 60_000;
const POLL_MS = 20;

/** Waits until something holds. Throws if it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = systemClock.elapsed() + WAIT_MS;
  while (!(await holds())) {
    if (systemClock.elapsed() > end) throw new Error(`never ${what}`);
    await systemClock.sleep(POLL_MS);
  }
}

/** What grpc.health.v1 says of a service of keys, or of the whole server if the name is empty. */
export async function healthOf({ address }: Replica, service: string): Promise<string> {
  const name = Buffer.from(service === '' ? '' : `ramet.keys.v1.${service}`);
  const message = name.length === 0 ? name : Buffer.from([0x0a, name.length, ...name]);
  const [, status] = await ask(address, Buffer.from([0, 0, 0, 0, message.length, ...message]));
  return status === 1 ? 'SERVING' : 'NOT_SERVING';
}

/** The message of the answer, without the frame around it. */
async function ask(address: string, request: Buffer): Promise<Buffer> {
  const session = connectHttp2(`http://${address}`);
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(request);
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    return Buffer.concat(pieces).subarray(5);
  } finally {
    session.close();
  }
}
