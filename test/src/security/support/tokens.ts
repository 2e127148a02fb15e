import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { systemClock, systemIds } from '@ramet/service';

/** What a token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** The key that a mesh signs its tokens with, and the name it is published under. */
export interface TokenKey {
  readonly privateKey: KeyObject;
  readonly id: string;
}

const LIFE_SECONDS = 300;

/** Reads the first key of a token key file. `id` is what teams publishes it as. */
export function tokenKey(pem: string, id: string): TokenKey {
  return { privateKey: createPrivateKey(pem), id };
}

/** Makes a token that is good in every way. */
export function goodToken(key: TokenKey, claims: Claims): string {
  return signed(header(key), { ...standard(), ...claims }, key.privateKey);
}

/** Makes tokens for these claims that are each wrong in one way, by what is wrong with them. */
export function badTokens(key: TokenKey, claims: Claims): ReadonlyMap<string, string> {
  const { privateKey } = key;
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const right = { ...standard(), ...claims };
  const with_ = (changed: Claims): string =>
    signed(header(key), { ...right, ...changed }, privateKey);
  const headed = (changed: Claims): string =>
    signed({ ...header(key), ...changed }, right, privateKey);
  const [head = '', body = '', signature = ''] = with_({}).split('.');
  const seconds = Math.floor(systemClock.now().getTime() / 1_000);
  const raised = encoded({ ...right, adm: true, kind: 'service', sub: 'lifecycle' });
  return new Map([
    ['expired', with_({ exp: seconds - 1 })],
    ['expired long ago', with_({ iat: 1, exp: 2 })],
    ['not valid yet', with_({ nbf: seconds + 3_600 })],
    ['without an end', with_({ exp: undefined })],
    ['without a beginning', with_({ iat: undefined })],
    ['good for more than an hour', with_({ iat: seconds, exp: seconds + 3_601 })],
    ['without an id', with_({ jti: undefined })],
    ['without a subject', with_({ sub: undefined })],
    ['of an unknown kind', with_({ kind: 'root' })],
    ['for another audience', with_({ aud: 'elsewhere' })],
    ['without an audience', with_({ aud: undefined })],
    ['of another issuer', with_({ iss: 'elsewhere' })],
    ['of another type', headed({ typ: 'JWT' })],
    ['without a type', headed({ typ: undefined })],
    ['of a key that is not published', headed({ kid: 'unknown' })],
    ['without a key', headed({ kid: undefined })],
    ['with a critical extension', headed({ crit: ['x'], x: true })],
    ['signed by another key', signed(header(key), right, stranger)],
    ['with a key of its own', signed({ ...header(key), jwk: jwkOf(stranger) }, right, stranger)],
    ['with alg none', `${encoded({ ...header(key), alg: 'none' })}.${encoded(right)}.`],
    [
      'with alg none and a signature',
      `${encoded({ ...header(key), alg: 'None' })}.${body}.${signature}`,
    ],
    ['signed with the public key as a secret', hmac(key, right)],
    ['with claims that were raised', `${head}.${raised}.${signature}`],
    ['without its signature', `${head}.${body}.`],
    ['cut short', `${head}.${body}`],
    ['that is no token', 'nonsense'],
    ['that is empty', '.'],
  ]);
}

function standard(): Claims {
  const seconds = Math.floor(systemClock.now().getTime() / 1_000);
  const names = { iss: 'ramet', aud: 'ramet', jti: systemIds.make('tok') };
  return { ...names, iat: seconds, exp: seconds + LIFE_SECONDS };
}

function header({ id }: TokenKey): Claims {
  return { alg: 'EdDSA', typ: 'at+jwt', kid: id };
}

function signed(head: Claims, body: Claims, key: KeyObject): string {
  const text = `${encoded(head)}.${encoded(body)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

/** What a verifier takes for good that lets a token choose its algorithm. */
function hmac(key: TokenKey, body: Claims): string {
  const secret = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' });
  const text = `${encoded({ ...header(key), alg: 'HS256' })}.${encoded(body)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function jwkOf(key: KeyObject): Claims {
  return { ...createPublicKey(key).export({ format: 'jwk' }) };
}

function encoded(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
