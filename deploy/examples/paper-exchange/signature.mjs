// Checks signed requests as Binance's documents say, with code that shares nothing with the keys
// service: if the two disagree, an order is refused.
import { createHmac, timingSafeEqual, verify } from 'node:crypto';

/**
 * Whether a request is signed by the holder of the secret.
 *
 * What is signed is the query and the body, one after the other, without the signature, which
 * stands last. `account` has a `secret` (HMAC-SHA256, hex) or an Ed25519 `publicKey` (base64).
 */
export function isSigned(query, body, account) {
  const [, signed, signature] = /^(.+)&signature=([^&]+)$/s.exec(query + body) ?? [];
  if (signed === undefined) return false;
  return account.publicKey
    ? verifies(signed, signature, account.publicKey)
    : matches(signed, signature, account.secret);
}

function matches(signed, signature, secret) {
  const wanted = createHmac('sha256', secret).update(signed).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function verifies(signed, signature, publicKey) {
  try {
    const given = Buffer.from(decodeURIComponent(signature), 'base64');
    return verify(null, Buffer.from(signed), publicKey, given);
  } catch {
    return false;
  }
}
