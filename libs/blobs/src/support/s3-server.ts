import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';

/** The one account that the server for tests has. */
export const ACCOUNT = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
export const BUCKET = 'ramet';

/** A server that speaks S3 over HTTP and verifies signatures. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: URL;
  /** The uploads that were begun and neither completed nor aborted. */
  unfinished(): Promise<readonly string[]>;
}

/** Starts a server with one empty bucket, on a free port of loopback. */
export async function startS3Server(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'ramet-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: [{ name: BUCKET }],
  });
  replaceWhole(server);
  const uploads = server.store.getResourcePath(BUCKET, undefined, 'uploads');
  abortUploads(server, uploads);
  const { port } = await server.run();
  return {
    endpoint: new URL(`http://127.0.0.1:${port}`),
    unfinished: () => readdir(uploads).catch(() => []),
    [Symbol.asyncDispose]: async () => {
      server.httpServer.closeAllConnections();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** S3 replaces an object as a whole; this server writes into the one that is there. */
function replaceWhole({ store }: S3rver): void {
  const write = store.putContent.bind(store);
  let count = 0;
  store.putContent = async (path, content) => {
    count += 1;
    const own = `${path}.${count}`;
    const written = await write(own, content);
    await rename(own, path);
    return written;
  };
}

/** S3 aborts uploads; this server, once it has verified who asks, says that it does not know how. */
function abortUploads({ middleware }: S3rver, uploads: string): void {
  middleware.unshift(async (context, next) => {
    const { uploadId } = context.query;
    try {
      await next();
    } catch (thrown) {
      const isUnknown = (thrown as { code?: string }).code === 'MethodNotAllowed';
      if (!isUnknown || context.method !== 'DELETE' || !uploadId) throw thrown;
      await rm(join(uploads, uploadId), { recursive: true });
      context.status = 204;
    }
  });
}
