import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { blobStoreFrom, blobsCredentials, blobsUrl } from './index.js';
import { clock } from './support/openers.js';
import { ACCOUNT, BUCKET, startS3Server } from './support/s3-server.js';

const aws = {
  kind: 's3',
  bucket: 'our-blobs',
  prefix: '',
  region: 'eu-central-1',
  endpoint: new URL('https://s3.eu-central-1.amazonaws.com'),
  forcePathStyle: false,
};

describe('blobsUrl', () => {
  const good: readonly [string, object][] = [
    ['file:///srv/ramet/blobs', { kind: 'disk', dir: '/srv/ramet/blobs' }],
    ['file:///srv/with%20space', { kind: 'disk', dir: '/srv/with space' }],
    ['s3://our-blobs?region=eu-central-1', aws],
    ['s3://our-blobs/ramet/blobs?region=eu-central-1', { ...aws, prefix: 'ramet/blobs' }],
    ['s3://our-blobs/ramet/?region=eu-central-1', { ...aws, prefix: 'ramet' }],
    ['s3://our-blobs?region=eu-central-1&path_style=true', { ...aws, forcePathStyle: true }],
    [
      's3://our-blobs?region=eu-central-1&endpoint=https://s3.example:9000/base',
      { ...aws, endpoint: new URL('https://s3.example:9000/base'), forcePathStyle: true },
    ],
    [
      's3://our-blobs?region=eu-central-1&endpoint=http%3A%2F%2Flocalhost%3A9000&path_style=false',
      { ...aws, endpoint: new URL('http://localhost:9000') },
    ],
    [
      's3://our-blobs?region=eu-central-1&endpoint=http://s3&plain_http=true',
      { ...aws, endpoint: new URL('http://s3'), forcePathStyle: true },
    ],
  ];
  for (const [text, expected] of good) {
    it(`takes ${text}`, () => assert.deepEqual(blobsUrl(text), expected));
  }

  const bad: readonly [string, RegExp][] = [
    ['', /must be file:/],
    ['/srv/blobs', /must be file:/],
    ['https://bucket', /must be file:/],
    ['file://srv/blobs', /three slashes/],
    ['file:///', /must name a folder/],
    ['file:///srv?x=1', /no \?parameters/],
    ['s3://?region=a', /must name a bucket/],
    ['s3://Bucket?region=a', /must name a bucket/],
    ['s3://b..b/größe?region=a', /must have a prefix/],
    ['s3://bucket/a/../../b//c?region=a', /must have a prefix/],
    ['s3://bucket', /must have a \?region=/],
    ['s3://bucket?region=a/b', /must have a \?region=/],
    ['s3://bucket?region=a&secret=x', /no \?parameters but region/],
    ['s3://bucket?region=a&region=b', /region only once/],
    ['s3://bucket?region=a&path_style=yes', /path_style=true or =false/],
    ['s3://bucket?region=a&endpoint=minio', /must have an endpoint/],
    ['s3://bucket?region=a&endpoint=ftp://x', /must have an endpoint/],
    ['s3://bucket?region=a&endpoint=http://s3', /https: endpoint, or plain_http=true/],
    ['s3://bucket?region=a&endpoint=https://x%3Fa=1', /without parameters/],
    ['s3://bucket?region=a&endpoint=https://u:hunter2@x', /no credentials in its endpoint/],
    ['s3://id:hunter2@bucket?region=a', /must hold no credentials/],
    ['s3://bucket?region=a#x', /no #fragment/],
  ];
  for (const [text, expected] of bad) {
    it(`says what is wrong with ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => blobsUrl(text),
        ({ message }: Error) => expected.test(message) && !message.includes('hunter2'),
      );
    });
  }
});

describe('blobsCredentials', () => {
  it('takes the id and the secret', () => {
    const text = '{ "access_key_id": "AK", "secret_access_key": "hunter2" }\n';
    const { accessKeyId, secretAccessKey } = blobsCredentials(text);
    assert.equal(accessKeyId, 'AK');
    assert.equal(typeof secretAccessKey === 'function' && secretAccessKey(), 'hunter2');
  });

  const bad: readonly [string, RegExp][] = [
    ['', /must be a JSON object/],
    ['hunter2', /must be a JSON object/],
    ['{"access_key_id":"AK","secret_access_key":hunter2}', /must be a JSON object/],
    ['null', /must be a JSON object/],
    ['{"secret_access_key":"hunter2"}', /a text as access_key_id/],
    ['{"access_key_id":"AK","secret":"hunter2"}', /a text as secret_access_key/],
    ['{"access_key_id":"hunter2","secret_access_key":""}', /a text as secret_access_key/],
    ['{"access_key_id":"hunter2","secret_access_key":7}', /a text as secret_access_key/],
  ];
  for (const [text, expected] of bad) {
    it(`says what is wrong with ${text}, and repeats nothing of it`, () => {
      assert.throws(
        () => blobsCredentials(text),
        ({ message, cause }: Error) =>
          expected.test(message) && cause === undefined && !message.includes('hunter2'),
      );
    });
  }
});

describe('blobStoreFrom', () => {
  it('opens the folder that the settings name', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'ramet-settings-'));
    const location = blobsUrl(pathToFileURL(join(dir, 'blobs')).href);
    await using store = await blobStoreFrom({ location, clock });
    await store.put('a', one('x'), { maxBytes: 1 });
    assert.deepEqual((await readdir(join(dir, 'blobs'))).sort(), ['.incoming', 'a.blob']);
    await rm(dir, { recursive: true });
  });

  it('opens the bucket that the settings name', async () => {
    await using server = await startS3Server();
    const location = blobsUrl(`s3://${BUCKET}/in?region=us-east-1&endpoint=${server.endpoint}`);
    const credentials = JSON.stringify({
      access_key_id: ACCOUNT.accessKeyId,
      secret_access_key: ACCOUNT.secretAccessKey,
    });
    await using store = await blobStoreFrom({ location, credentials, clock });
    await store.put('a', one('x'), { maxBytes: 1 });
    assert.deepEqual(await store.stat('a'), { sizeBytes: 1 });
  });

  it('wants credentials for a bucket', async () => {
    const location = blobsUrl('s3://bucket?region=a');
    await assert.rejects(blobStoreFrom({ location, clock }), /need credentials/);
  });
});

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
