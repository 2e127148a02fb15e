import type { Algorithm } from '../../domain/algorithm.js';
import { ECDSA_P256, ECDSA_SECP256K1 } from './ecdsa.js';
import { ED25519 } from './ed25519.js';
import type { Family } from './family.js';
import { hmac } from './hmac.js';
import { RSA_PKCS1, RSA_PSS } from './rsa.js';

/** What each algorithm does. */
export const FAMILIES: Readonly<Record<Algorithm, Family>> = {
  hmac_sha256: hmac('sha256', 32),
  hmac_sha384: hmac('sha384', 48),
  hmac_sha512: hmac('sha512', 64),
  ed25519: ED25519,
  ecdsa_p256: ECDSA_P256,
  ecdsa_secp256k1: ECDSA_SECP256K1,
  rsa_pkcs1_sha256: RSA_PKCS1,
  rsa_pss_sha256: RSA_PSS,
};
