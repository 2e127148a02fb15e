import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { Refusal } from './book.mjs';

const RECEIVE_WINDOW_MS = 5_000;
const LONGEST_WINDOW_MS = 60_000;
/** How far the clock of whoever signs may be ahead. */
const AHEAD_MS = 1_000;
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
  if (!account) throw new Refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.');

  const { signed, signature } = signatureIn(query, headers, account);
  if (!isValid(account, Buffer.from(signed, 'latin1'), signature)) {
    throw invalid();
  }
  requireInTime(new URLSearchParams(query), now);
  return keyId;
}

function requireInTime(fields, now) {
  const window = Number(fields.get('recvWindow') ?? RECEIVE_WINDOW_MS);
  if (!(window >= 0 && window <= LONGEST_WINDOW_MS)) {
    throw new Refusal(400, -1131, 'recvWindow must be less than 60000.');
  }
  const time = Number(fields.get('timestamp') ?? Number.NaN);
  if (!(time < now + AHEAD_MS && now - time <= window)) {
    throw new Refusal(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
  }
}

function signatureIn(query, headers, { algorithm }) {
  const raw = headers['x-paper-signature'];
  if (raw) return { signed: query, signature: Buffer.from(raw, 'base64') };
  const [, signed, text] = SIGNATURE.exec(query) ?? [];
  if (signed === undefined) throw invalid();
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
      throw new Error('the account has no known algorithm');
  }
}

function invalid() {
  return new Refusal(401, -1022, 'Signature for this request is not valid.');
}
