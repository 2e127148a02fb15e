import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { type Ids, systemIds } from '@ramet/service';

const ITERATIONS = 4_096;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/**
 * What PostgreSQL stores of a password (RFC 5803), worked out on our side.
 *
 * So the password itself stands in no statement, and in no log or statistics of statements.
 */
export function scramVerifier(password: string, ids: Ids = systemIds): string {
  const salt = ids.bytes(SALT_BYTES);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256');
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const server = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${server}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
