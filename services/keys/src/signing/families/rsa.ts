import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { problemOfRsaKey } from '../../domain/algorithm.js';
import { readLabelled, readPrivateKeyInfo } from '../private-key-info.js';
import { type Family, type OpenedKey, requirePlain, requireVerified, unfit } from './family.js';
import { signInPool, verifyInPool } from './pool.js';
import { copyIfPkcs1, isSound } from './rsa-private-key.js';

const HASH = 'sha256';
const DIGEST_BYTES = 32;
const EXPONENT = 65_537;
const NO_POINT = Buffer.alloc(0);

/** The identifier of RSA keys in PKCS8: the algorithm, and no parameters. */
const IDENTIFIER = Buffer.from('06092a864886f70d0101010500', 'hex');

/** What stands before a SHA-256 digest that is signed with PKCS #1 v1.5 (RFC 8017, section 9.2). */
const DIGEST_HEAD = Buffer.from('3031300d060960864801650304020105000420', 'hex');

const EXPECTED =
  'must be PKCS #1 or PKCS8 (DER or PEM) of an RSA key of two primes whose parts fit each other';

const generatePair = promisify(generateKeyPair);

/** How a signature is padded. A salt is as long as the digest. */
interface Padding {
  readonly padding: number;
  readonly saltLength?: number;
}

/** RSA with PKCS #1 v1.5 and SHA-256. */
export const RSA_PKCS1: Family = rsa({ padding: constants.RSA_PKCS1_PADDING }, signDigest);

/** RSA-PSS with SHA-256. */
export const RSA_PSS: Family = rsa({
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: DIGEST_BYTES,
});

let generating: Promise<unknown> = Promise.resolve();

/** A large key takes seconds of a thread that others sign with: one thread at most is taken. */
function oneByOne<Result>(generate: () => Promise<Result>): Promise<Result> {
  const next = generating.then(generate, generate);
  generating = next.catch(() => undefined);
  return next;
}

/** RSA with SHA-256 (RFC 8017). A secret is an RSAPrivateKey as DER, as OpenSSL writes it. */
function rsa(padding: Padding, prehashed?: (key: OpenedKey, digest: Buffer) => Buffer): Family {
  return {
    async generate({ rsaBits }) {
      const options = { modulusLength: rsaBits, publicExponent: EXPONENT };
      const { privateKey } = await oneByOne(() => generatePair('rsa', options));
      return exported(privateKey);
    },
    read(given) {
      const der =
        readLabelled(given, 'RSA PRIVATE KEY', copyIfPkcs1) ??
        readPrivateKeyInfo(given, ({ identifier, key, publicKey }) =>
          identifier.equals(IDENTIFIER) && !publicKey ? copyIfPkcs1(key) : undefined,
        );
      if (!der) throw unfit(EXPECTED);
      try {
        return exported(checked(der));
      } finally {
        der.fill(0);
      }
    },
    publicKeyOf: (secret) =>
      createPublicKey(privateKeyOf(secret)).export({ type: 'spki', format: 'der' }),
    open(secret) {
      const key = privateKeyOf(secret);
      return { secret: key, publicKey: createPublicKey(key), point: NO_POINT };
    },
    sign(key, toSign) {
      if (prehashed && toSign.hash === 'none' && toSign.encoding === 'plain') {
        return prehashed(key, toSign.bytes);
      }
      requirePlain(toSign, 'RSA');
      return signBytes(key, toSign.bytes, padding);
    },
  };
}

async function signBytes(key: OpenedKey, bytes: Buffer, padding: Padding): Promise<Buffer> {
  const signature = await signInPool(HASH, bytes, { key: key.secret, ...padding });
  const check = { key: { key: publicKeyIn(key), ...padding }, signature };
  requireVerified(await verifyInPool(HASH, bytes, check));
  return signature;
}

function signDigest(key: OpenedKey, digest: Buffer): Buffer {
  if (digest.length !== DIGEST_BYTES) {
    throw new Error(`a digest has ${DIGEST_BYTES} bytes, not ${digest.length}`);
  }
  const info = Buffer.concat([DIGEST_HEAD, digest]);
  const padding = constants.RSA_PKCS1_PADDING;
  const signature = privateEncrypt({ key: key.secret, padding }, info);
  const found = publicDecrypt({ key: publicKeyIn(key), padding }, signature);
  requireVerified(found.equals(info));
  return signature;
}

function publicKeyIn({ publicKey }: OpenedKey): KeyObject {
  if (!publicKey) throw new Error('an RSA key was opened without its public key');
  return publicKey;
}

/** The key, if it is as large as it must be, and its parts fit each other. */
function checked(der: Buffer): KeyObject {
  const key = parsed(der);
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const problem = problemOfRsaKey(modulusLength, publicExponent);
  if (problem !== undefined) throw unfit(problem);
  if (!isSound(der, (part) => signsFor(key, part))) throw unfit(EXPECTED);
  return key;
}

function parsed(der: Buffer): KeyObject {
  try {
    return privateKeyOf(der);
  } catch {
    throw unfit(EXPECTED);
  }
}

/** Tells whether what a key signs the public half of another one verifies. */
function signsFor(key: KeyObject, der: Buffer): boolean {
  try {
    return verify(
      HASH,
      DIGEST_HEAD,
      createPublicKey(key),
      sign(HASH, DIGEST_HEAD, privateKeyOf(der)),
    );
  } catch {
    return false;
  }
}

function privateKeyOf(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs1' });
}

function exported(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs1', format: 'der' });
}
