import { createHmac } from 'node:crypto';
import type { Ids } from '@ramet/service';
import { hashOf } from './minter.js';

/** A refresh token, and what is kept of it. */
export interface RefreshToken {
  readonly text: string;
  readonly hash: Buffer;
}

const PREFIX = 'ramet_refresh_';
const BYTES = 32;
const SHAPE = /^ramet_refresh_[\w-]{43}$/;

/** Makes the first refresh token of a login, and the secret that the next ones are made with. */
export function firstRefreshToken(ids: Ids): { token: RefreshToken; secret: Buffer } {
  const secret = Buffer.from(ids.bytes(BYTES));
  return { token: tokenOf(Buffer.from(ids.bytes(BYTES))), secret };
}

/**
 * Makes the refresh token that follows another one of a login.
 *
 * Always the same one: nobody but who has the one before, and the login's secret, can make it.
 */
export function nextRefreshToken(text: string, secret: Uint8Array): RefreshToken {
  return tokenOf(createHmac('sha256', secret).update(text).digest());
}

/** Reads what can be a refresh token. Undefined for all that cannot, such as one with blanks. */
export function readRefreshToken(text: string): RefreshToken | undefined {
  return SHAPE.test(text) ? { text, hash: hashOf(text) } : undefined;
}

function tokenOf(bytes: Buffer): RefreshToken {
  const text = PREFIX + bytes.toString('base64url');
  return { text, hash: hashOf(text) };
}
