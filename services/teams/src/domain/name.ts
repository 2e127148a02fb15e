import { invalid, PublicError } from '@ramet/errors';

const MAX_LENGTH = 40;
const LABEL = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;

/** Tells whether a text may name a thing: a DNS label (RFC 1035) of at most 40 characters. */
export function isName(text: string): boolean {
  return text.length <= MAX_LENGTH && LABEL.test(text);
}

/** Throws REQUEST_INVALID unless the text may name a thing. */
export function requireName(name: string): void {
  if (isName(name)) return;
  const description = 'must be a DNS label: a letter, then letters, digits and -, at most 40';
  throw invalid({ field: 'name', description });
}

/** The error for a name that another thing of its kind has. */
export function nameTaken(kind: string, name: string): PublicError {
  return new PublicError('already_exists', 'NAME_TAKEN', `the name is in use: ${name}`, {
    metadata: { kind, name },
    resource: { kind, id: name },
  });
}
