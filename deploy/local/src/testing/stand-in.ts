import { spawn } from 'node:child_process';
import { createServer } from 'node:http2';

// Plays a service for the tests of the launcher: says that it serves, and ends when asked.
// Where it is told to, it leaves a process behind, as a service with a bug would.

const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

const server = createServer();
server.on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(SERVING);
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));

if (process.env.LEAVES_A_PROCESS === 'true') {
  spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref();
}
