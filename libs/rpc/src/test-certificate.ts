import { generateKeyPairSync, sign } from 'node:crypto';

/** A certificate for 127.0.0.1 that has signed itself, with its key, for tests. */
export function makeTestCertificate(): { readonly certificate: Buffer; readonly key: Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const name = der(0x30, der(0x31, der(0x30, oid(0x55, 0x04, 0x03), der(0x0c, 'ramet test'))));
  const validity = der(0x30, der(0x17, '200101000000Z'), der(0x17, '491231235959Z'));
  const names = der(0x30, der(0x87, Buffer.from([127, 0, 0, 1])));
  const extension = der(0x30, oid(0x55, 0x1d, 0x11), der(0x04, names));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ED25519,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, extension)),
  );
  const signature = der(0x03, Buffer.from([0]), sign(null, body, privateKey));
  const text = der(0x30, body, ED25519, signature).toString('base64');
  const label = 'CERTIFICATE';
  return {
    certificate: Buffer.from(`-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`),
    key: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const size = body.length;
  const length = size < 0x80 ? [size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

const ED25519 = der(0x30, oid(0x2b, 0x65, 0x70));
