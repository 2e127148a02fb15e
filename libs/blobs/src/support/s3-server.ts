import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('./s3-server-main.js', import.meta.url));

/** The one account and the one bucket that the server for tests has. */
export const ACCOUNT = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
export const BUCKET = 'ramet';

/** A server that speaks S3 over HTTP and verifies signatures. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: URL;
  /** The uploads that were begun and neither completed nor aborted. */
  unfinished(): Promise<readonly string[]>;
}

/** Starts a server with one empty bucket, as a process of its own on a free port of loopback. */
export async function startS3Server(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'ramet-s3-'));
  // Its page tokens are made with DES, which OpenSSL has put away.
  const server = fork(MAIN, [directory], { execArgv: ['--openssl-legacy-provider'] });
  const exited = once(server, 'exit');
  const [{ port }] = (await Promise.race([
    once(server, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`the S3 server ended with ${code}`))),
  ])) as [{ port: number }];
  return {
    endpoint: new URL(`http://127.0.0.1:${port}`),
    unfinished: () => readdir(join(directory, BUCKET, '._S3rver_uploads')).catch(() => []),
    [Symbol.asyncDispose]: async () => {
      server.kill();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
