import { UsageError } from '../usage-error.js';

/** The parts of the name of an image. */
export interface ImageName {
  readonly repository: string;
  /** Empty: none. */
  readonly tag: string;
  /** Empty: none. */
  readonly digest: string;
}

const REPOSITORY = /^[a-z0-9]([a-z0-9._/:-]*[a-z0-9])?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Reads `REPOSITORY[:TAG][@sha256:HEX]`. Throws UsageError for anything else. */
export function parseImage(text: string): ImageName {
  const [named = '', digest, ...more] = text.split('@');
  // What is before the last slash may hold a colon of its own: the port of the registry.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const repository = colon === -1 ? named : named.slice(0, colon);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);

  if (!REPOSITORY.test(repository)) {
    throw notAnImage(text, 'the repository is lower-case letters, digits, and ._/:- between them');
  }
  if (tag !== undefined && !TAG.test(tag)) {
    throw notAnImage(text, 'a tag is at most 128 letters, digits, and _.- after the first');
  }
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) {
    throw notAnImage(text, 'a digest is sha256: and 64 hexadecimal digits in lower case');
  }
  return { repository, tag: tag ?? '', digest: digest ?? '' };
}

function notAnImage(text: string, why: string): UsageError {
  const how = 'write it like ghcr.io/acme/bot:v1 or ghcr.io/acme/bot@sha256:...';
  return new UsageError(`not an image: '${text}': ${why} (${how})`);
}
