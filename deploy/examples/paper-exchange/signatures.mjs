import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { Refusal } from './book.mjs';

const WINDOW_MS = 60_000;
const SIGNATURE = /^(.*)&signature=([^&]+)$/;

/**
 * Proves who sent a request, with nothing but what the account holder left here before: the
 * secret of an HMAC key or the public half of an Ed25519 key. Gives the id of the key.
 *
 * A venue signature stands in the query, last, as Binance wants it; a raw one, over the whole
 * query, in X-PAPER-SIGNATURE. Throws a Refusal.
 */
export function authenticate({ query, headers, accounts, now }) {
  const keyId = headers['x-mbx-apikey'] ?? '';
  const account = accounts.get(keyId);
  if (!account) throw new Refusal(401, 'no such key');

  const { signed, signature } = signatureIn(query, headers, account);
  if (!isValid(account, Buffer.from(signed, 'latin1'), signature)) {
    throw new Refusal(401, 'the signature is not valid');
  }
  const time = Number(new URLSearchParams(query).get('timestamp'));
  if (!(Math.abs(now - time) < WINDOW_MS)) throw new Refusal(401, 'the timestamp is too far away');
  return keyId;
}

function signatureIn(query, headers, { algorithm }) {
  const raw = headers['x-paper-signature'];
  if (raw) return { signed: query, signature: Buffer.from(raw, 'base64') };
  const [, signed, text] = SIGNATURE.exec(query) ?? [];
  if (signed === undefined) throw new Refusal(401, 'the request is not signed');
  const encoding = algorithm === 'hmac-sha256' ? 'hex' : 'base64';
  return { signed, signature: Buffer.from(decodeURIComponent(text), encoding) };
}

function isValid(account, bytes, signature) {
  switch (account.algorithm) {
    case 'hmac-sha256': {
      const expected = createHmac('sha256', account.secret).update(bytes).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    }
    case 'ed25519':
      return verify(null, bytes, createPublicKey(account.publicKey), signature);
    default:
      throw new Refusal(401, 'the key has no known algorithm');
  }
}
