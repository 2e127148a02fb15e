import { KeyAlgorithm } from '@ramet/proto-gen/keys.v1';

/** What a key can sign with, and what people call it. The first one is what the budget is about. */
export const ALGORITHMS = [
  { algorithm: KeyAlgorithm.HMAC_SHA256, name: 'HMAC-SHA256' },
  { algorithm: KeyAlgorithm.HMAC_SHA384, name: 'HMAC-SHA384' },
  { algorithm: KeyAlgorithm.HMAC_SHA512, name: 'HMAC-SHA512' },
  { algorithm: KeyAlgorithm.ED25519, name: 'Ed25519' },
  { algorithm: KeyAlgorithm.ECDSA_P256, name: 'ECDSA P-256' },
  { algorithm: KeyAlgorithm.ECDSA_SECP256K1, name: 'ECDSA secp256k1' },
  { algorithm: KeyAlgorithm.RSA_PKCS1_SHA256, name: 'RSA-2048 PKCS #1' },
  { algorithm: KeyAlgorithm.RSA_PSS_SHA256, name: 'RSA-2048 PSS' },
] as const;

/** An algorithm that is measured. */
export type BenchAlgorithm = (typeof ALGORITHMS)[number]['algorithm'];
