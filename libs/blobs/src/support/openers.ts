import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BlobStore, type Clock, openDiskStore, openS3Store } from '../index.js';
import { ACCOUNT, BUCKET, startS3Server } from './s3-server.js';

/** The machine's time, without the waits between attempts. */
export const clock: Clock = { now: () => new Date(), sleep: () => delay(1) };

/** A store with a place of its own, for a test. */
export interface TestStore extends AsyncDisposable {
  readonly store: BlobStore;
  /** What failed or aborted transfers have left, as it is named where it lies. */
  leftovers(): Promise<readonly string[]>;
}

/** Every kind of store, and how a test gets one. */
export const OPENERS: readonly { readonly name: string; open(): Promise<TestStore> }[] = [
  { name: 'the disk', open: openTestDisk },
  { name: 'S3', open: openTestS3 },
];

async function openTestDisk(): Promise<TestStore> {
  const dir = await mkdtemp(join(tmpdir(), 'ramet-blobs-'));
  const store = await openDiskStore({ dir });
  return {
    store,
    leftovers: () => readdir(join(dir, '.incoming')),
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

async function openTestS3(): Promise<TestStore> {
  const server = await startS3Server();
  const store = await openS3Store({
    ...ACCOUNT,
    endpoint: server.endpoint,
    region: 'us-east-1',
    bucket: BUCKET,
    prefix: 'blobs',
    forcePathStyle: true,
    clock,
  });
  return {
    store,
    leftovers: () => server.unfinished(),
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
