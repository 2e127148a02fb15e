import { randomBytes } from 'node:crypto';
import { constants, type Http2Session, type Http2Stream } from 'node:http2';
import type { Clock } from './ports.js';

/** How long an answer that somebody waits for may take to leave this process, once it is written. */
export const ANSWER_MS = 200;

/** How long a client may take to show that it reads its connection at all. */
const ROUND_TRIP_MS = 400;

/**
 * Drops what was written to a stream and has not gone out, and calls back once that is sure.
 *
 * What waits for its client to make room is dropped with the stream. What waits in the connection is
 * out when the answer to a ping is here; a client that does not give it loses its connection.
 */
export function dropAnswer(stream: Http2Stream, clock: Clock, callback: () => void): void {
  const { session } = stream;
  stream.close(constants.NGHTTP2_CANCEL);
  if (!session || session.destroyed) {
    callback();
    return;
  }

  let isSure = false;
  const finish = (): void => {
    if (isSure) return;
    isSure = true;
    stopTimer();
    callback();
  };
  const stopTimer = clock.after(ROUND_TRIP_MS, () => {
    cut(session);
    finish();
  });
  if (session.closed) return;
  // Nobody knows what comes back who has not read it. Without room for one more ping the timer decides.
  const payload = randomBytes(8);
  session.ping(payload, (error, _, echoed) => {
    if (!error && payload.equals(echoed)) finish();
  });
}

/**
 * Ends a connection with all that has not gone out. By itself a session of HTTP/2 waits for that
 * before it closes its socket, and gives it to nobody who might: but for what its listeners get.
 */
function cut(session: Http2Session): void {
  if (session.destroyed) return;
  const socket = session.socket.once('error', () => undefined);
  session.destroy();
  socket.destroy();
}
