import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a request is signed over, as its headers say it. */
export interface Signed {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** Headers as node or anybody else has them: names in any case, values once or many times. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How a receiver reads its clock, and how far it may be from the sender's. */
export interface VerifyOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How old a request may be, or how far ahead: 5 minutes if not given. */
  readonly toleranceMs?: number;
}

const PREFIX = 'whsec_';
const VERSION = 'v1';
const TOLERANCE_MS = 5 * 60_000;
/** More signatures than any sender makes. */
const MAX_SIGNATURES = 20;

/** Signs a request with a secret, as Standard Webhooks 1.0 has it: `v1,` and base64. */
export function signWebhook(secret: string, { id, timestamp, body }: Signed): string {
  const digest = digestOf(keyOf(secret), `${id}.${timestamp}.`, body);
  return `${VERSION},${digest.toString('base64')}`;
}

/**
 * Tells whether a request was signed with a secret, and not long ago. Never throws.
 *
 * Give it the body as it came, before anything has parsed it. Tell repetitions by `webhook-id`: they
 * are signed anew and verify.
 */
export function verifyWebhook(
  secret: string,
  headers: WebhookHeaders,
  body: string | Uint8Array,
  { now, toleranceMs = TOLERANCE_MS }: VerifyOptions,
): boolean {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return false;
  // Not "<= tolerance is false": a time that is no number must not pass.
  if (!(Math.abs(now - Number(timestamp) * 1_000) <= toleranceMs)) return false;

  const expected = digestOf(keyOf(secret), `${id}.${timestamp}.`, body);
  return signatures
    .split(' ', MAX_SIGNATURES)
    .map((signature) => signature.split(','))
    .some(([version, digest = '', ...more]) => {
      return version === VERSION && more.length === 0 && isEqual(digest, expected);
    });
}

/** The text of a secret that receivers are given. */
export function secretText(key: Buffer): string {
  return PREFIX + key.toString('base64');
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64');
}

function digestOf(key: Buffer, head: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(head).update(body).digest();
}

function isEqual(base64: string, expected: Buffer): boolean {
  const given = Buffer.from(base64, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The one value of a header. Undefined if there is none, or more than one. */
function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  const values = Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
  return values.length === 1 ? values[0] : undefined;
}
