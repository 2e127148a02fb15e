import { createHmac } from 'node:crypto';
import { type Curve, isScalar, lessOrder, SCALAR_BYTES } from './curve.js';

const ZERO = Buffer.of(0);
const ONE = Buffer.of(1);

/**
 * The number that a digest is signed with, and no other (RFC 6979, section 3.2, with SHA-256), for the
 * caller to zero: who knows it knows the key.
 */
export function deterministicNonce(curve: Curve, digest: Buffer, scalar: Buffer): Buffer {
  const state = new Generator();
  const seed = Buffer.concat([scalar, lessOrder(curve, digest)]);
  try {
    state.mix(ZERO, seed);
    state.mix(ONE, seed);
    let nonce = state.next();
    while (!isScalar(curve, nonce)) {
      nonce.fill(0);
      state.mix(ZERO);
      nonce = state.next();
    }
    return nonce;
  } finally {
    seed.fill(0);
    state[Symbol.dispose]();
  }
}

/** HMAC_DRBG (NIST SP 800-90A, section 10.1.2), as far as the RFC has need of it. */
class Generator implements Disposable {
  readonly #key = Buffer.alloc(SCALAR_BYTES, 0);
  readonly #value = Buffer.alloc(SCALAR_BYTES, 1);

  mix(...parts: readonly Buffer[]): void {
    this.#hmac(this.#key, this.#value, ...parts);
    this.#hmac(this.#value, this.#value);
  }

  next(): Buffer {
    this.#hmac(this.#value, this.#value);
    return Buffer.from(this.#value);
  }

  [Symbol.dispose](): void {
    this.#key.fill(0);
    this.#value.fill(0);
  }

  #hmac(into: Buffer, ...parts: readonly Buffer[]): void {
    const hmac = createHmac('sha256', this.#key);
    for (const part of parts) hmac.update(part);
    const made = hmac.digest();
    made.copy(into);
    made.fill(0);
  }
}
