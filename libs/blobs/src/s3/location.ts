/** A place in a bucket of a server that speaks S3. */
export interface S3Location {
  /** The server's address, such as `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: URL;
  readonly region: string;
  readonly bucket: string;
  /** The folder in the bucket that everything lies in; empty for the bucket itself. */
  readonly prefix: string;
  /** Whether the bucket stands in the path of an address, and not in the name of the host. */
  readonly forcePathStyle: boolean;
}

/** Where a blob is, or the bucket itself if `key` is empty. */
export function addressOf(location: S3Location, key: string): URL {
  const { bucket, endpoint, forcePathStyle } = location;
  const url = new URL(endpoint);
  const path = [url.pathname.replace(/\/$/, '')];
  if (forcePathStyle) path.push(bucket);
  else url.hostname = `${bucket}.${url.hostname}`;
  if (key !== '') path.push(nameOf(location, key));
  url.pathname = path.join('/');
  return url;
}

/** What a key is called in the bucket. */
export function nameOf({ prefix }: S3Location, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}
