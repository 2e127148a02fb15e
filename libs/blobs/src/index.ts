export type {
  BlobStore,
  ListedBlob,
  PutOptions,
  ReadOptions,
  StoredBlob,
} from './blob-store.js';
export type { Clock } from './clock.js';
export { type DiskStoreOptions, openDiskStore } from './disk/disk-store.js';
export {
  BlobKeyError,
  BlobNotFoundError,
  BlobRangeError,
  BlobStoreRefusedError,
  BlobStoreUnavailableError,
  BlobTooLargeError,
} from './errors.js';
export { openS3Store, type S3StoreOptions } from './s3/s3-store.js';
export {
  type BlobStoreSettings,
  type BlobsLocation,
  blobStoreFrom,
  blobsCredentials,
  blobsUrl,
} from './settings.js';
