import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';

const BUCKET = 'ramet';

const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: process.argv[2] ?? '',
  vhostBuckets: false,
  configureBuckets: [{ name: BUCKET }],
});
replaceWhole(server);
refuseRangesOfNothing(server);
abortUploads(server);
const { port } = await server.run();
process.on('disconnect', () => process.exit());
process.send?.({ port });

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

/** S3 refuses any range of an empty object; this server promises a byte of it. */
function refuseRangesOfNothing({ store }: S3rver): void {
  const get = store.getObject.bind(store);
  store.getObject = async (bucket, key, options) => {
    const object = await get(bucket, key, options);
    if (object?.size === 0 && options.start !== undefined) {
      object.content?.destroy();
      delete object.content;
    }
    return object;
  };
}

/** S3 aborts uploads; this server, once it has verified who asks, says that it does not know how. */
function abortUploads({ middleware, store }: S3rver): void {
  const uploads = store.getResourcePath(BUCKET, undefined, 'uploads');
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
