import { createECDH } from 'node:crypto';

/** An elliptic curve that keys are on. */
export interface Curve {
  /** What OpenSSL calls it. */
  readonly name: 'prime256v1' | 'secp256k1';
  /** The number of points: private keys are from 1 to one less. */
  readonly order: Buffer;
  /** The identifier of keys of the curve, and of the curve alone, as DER. */
  readonly identifier: Buffer;
  readonly oid: Buffer;
  /** SubjectPublicKeyInfo up to the point. */
  readonly spkiHead: Buffer;
}

/** The size of a private key, of a coordinate, and of each half of a signature. */
export const SCALAR_BYTES = 32;

const EC_KEY = '06072a8648ce3d0201';

/** P-256 (FIPS 186-5), also known as secp256r1. */
export const P256: Curve = curve({
  name: 'prime256v1',
  order: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  oid: '06082a8648ce3d030107',
  spkiHead: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
});

/** The curve of Bitcoin and Ethereum (SEC 2, section 2.4.1). */
export const SECP256K1: Curve = curve({
  name: 'secp256k1',
  order: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
  oid: '06052b8104000a',
  spkiHead: '3056301006072a8648ce3d020106052b8104000a034200',
});

function curve({ name, order, oid, spkiHead }: Record<keyof Given, string> & Given): Curve {
  return {
    name,
    order: Buffer.from(order, 'hex'),
    identifier: Buffer.from(EC_KEY + oid, 'hex'),
    oid: Buffer.from(oid, 'hex'),
    spkiHead: Buffer.from(spkiHead, 'hex'),
  };
}

interface Given {
  readonly name: Curve['name'];
  readonly order: string;
  readonly oid: string;
  readonly spkiHead: string;
}

/** Tells whether bytes are a private key of a curve: a number from 1 to one less than its order. */
export function isScalar({ order }: Curve, bytes: Buffer): boolean {
  const isZero = bytes.every((byte) => byte === 0);
  return bytes.length === SCALAR_BYTES && !isZero && Buffer.compare(bytes, order) < 0;
}

/** A number of 32 bytes less the order of a curve, if it is not below it: that is once at most. */
export function lessOrder({ order }: Curve, number: Buffer): Buffer {
  return Buffer.compare(number, order) < 0 ? Buffer.from(number) : difference(number, order);
}

/** A number less another one that is not larger, both big-endian and of the same length. */
export function difference(number: Buffer, less: Buffer): Buffer {
  const result = Buffer.alloc(number.length);
  let borrow = 0;
  for (let at = number.length - 1; at >= 0; at -= 1) {
    const value = (number[at] ?? 0) - (less[at] ?? 0) - borrow;
    result[at] = value & 0xff;
    borrow = Number(value < 0);
  }
  return result;
}

/** The point of a private key, with both of its coordinates. */
export function pointOf({ name }: Curve, scalar: Buffer): Buffer {
  const pair = createECDH(name);
  pair.setPrivateKey(scalar);
  return pair.getPublicKey();
}

/** A point with its first coordinate and the parity of the second. */
export function compressed(point: Buffer): Buffer {
  const parity = 2 + ((point.at(-1) ?? 0) & 1);
  return Buffer.concat([Buffer.from([parity]), point.subarray(1, 1 + SCALAR_BYTES)]);
}
