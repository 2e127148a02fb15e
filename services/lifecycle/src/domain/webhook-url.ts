import { PublicError } from '@ramet/errors';
import { kindOfAddress } from './webhook-address.js';

/** Tells whether webhooks may be sent to an address. What is no address is not. */
export function isAllowedAddress(address: string, allowPrivate: boolean): boolean {
  const kind = kindOfAddress(address);
  return kind === 'public' || (kind === 'private' && allowPrivate);
}

/**
 * The URL as requests are sent to it. Throws WEBHOOK_URL_REFUSED for one that they are not sent to.
 *
 * A name is looked up when something is sent, and its addresses are held against the same rule.
 */
export function requireWebhookUrl(text: string, allowPrivate: boolean): string {
  const url = parsed(text);
  if (!url) throw refusedUrl('must be an absolute URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowPrivate)) {
    throw refusedUrl(allowPrivate ? 'must be https or http' : 'must be https');
  }
  if (url.username !== '' || url.password !== '') {
    throw refusedUrl('must not have a user or password: requests are signed');
  }
  if (url.hash !== '') throw refusedUrl('must not have a fragment');
  if (url.href.length > MAX_LENGTH) throw refusedUrl('is too long when it is encoded');
  const address = literalAddress(url.hostname);
  if (address !== undefined && !isAllowedAddress(address, allowPrivate)) {
    throw refusedUrl('must be a public address');
  }
  return url.href;
}

const MAX_LENGTH = 4_096;

/** The address that a host is, if it is one and not a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return kindOfAddress(bare) === undefined ? undefined : bare;
}

function parsed(text: string): URL | undefined {
  // Blanks, control characters and backslashes are taken away or turned: other parsers do otherwise.
  if (/[^\x21-\x5b\x5d-\x7e\u0080-\uffff]/.test(text)) return undefined;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function refusedUrl(description: string): PublicError {
  return new PublicError('invalid_argument', 'WEBHOOK_URL_REFUSED', `url: ${description}`, {
    violations: [{ field: 'url', description }],
  });
}
