// One process that signs with node:crypto alone: one thread, one call after the other.
import {
  constants,
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import type { BenchAlgorithm } from './algorithms.js';
import { answerParent } from './child.js';

/** What to do. */
export interface CryptoOrder {
  readonly algorithm: BenchAlgorithm;
  readonly payloadBytes: number;
  readonly ms: number;
}

/** What came of it. */
export interface CryptoResult {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

type Sign = (payload: Buffer) => Buffer;

const SECRET_BYTES = 32;
const RSA_BITS = 2_048;
/** So many before the clock is looked at. */
const STRIDE = 16;

const signers = new Map<BenchAlgorithm, Sign>();

answerParent(async ({ algorithm, payloadBytes, ms }: CryptoOrder): Promise<CryptoResult> => {
  const signOnce = signers.get(algorithm) ?? signerOf(algorithm);
  signers.set(algorithm, signOnce);
  const payload = Buffer.alloc(payloadBytes, 0x61);
  const cpu = process.cpuUsage();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < ms) {
    for (let nth = 0; nth < STRIDE; nth += 1) signOnce(payload);
    count += STRIDE;
  }
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (count / (performance.now() - start)) * 1_000;
  return { perSecond, cpuMicros: (user + system) / count };
});

function signerOf(algorithm: BenchAlgorithm): Sign {
  switch (algorithm) {
    case KeyAlgorithm.HMAC_SHA256:
      return hmac('sha256');
    case KeyAlgorithm.HMAC_SHA384:
      return hmac('sha384');
    case KeyAlgorithm.HMAC_SHA512:
      return hmac('sha512');
    case KeyAlgorithm.ED25519: {
      const { privateKey } = generateKeyPairSync('ed25519');
      return (payload) => sign(null, payload, privateKey);
    }
    case KeyAlgorithm.ECDSA_P256:
      return ecdsa('P-256');
    case KeyAlgorithm.ECDSA_SECP256K1:
      return ecdsa('secp256k1');
    case KeyAlgorithm.RSA_PKCS1_SHA256:
      return rsa({ padding: constants.RSA_PKCS1_PADDING });
    case KeyAlgorithm.RSA_PSS_SHA256:
      return rsa({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  }
}

function hmac(hash: string): Sign {
  const secret = createSecretKey(randomBytes(SECRET_BYTES));
  return (payload) => createHmac(hash, secret).update(payload).digest();
}

function ecdsa(namedCurve: string): Sign {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve });
  return (payload) => sign('sha256', payload, { key, dsaEncoding: 'ieee-p1363' });
}

function rsa(options: { readonly padding: number; readonly saltLength?: number }): Sign {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  return (payload) => sign('sha256', payload, { key, ...options });
}
