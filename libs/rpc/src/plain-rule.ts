/** What the patterns that many fields share ask for. */
const PATTERNS: Readonly<Record<string, string>> = {
  '^[a-z]([a-z0-9-]*[a-z0-9])?$':
    'must be lower-case letters, digits and hyphens, with a letter first and no hyphen last',
  '^[A-Za-z0-9._:-]{1,64}$': 'must be 1 to 64 letters, digits and any of . _ : -',
  '^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$': 'must be one line without control characters',
  '^[^\\x00]*$': 'must not have NUL in it',
  '^[!-~]*$': 'must be visible ASCII without spaces',
  '^0x[0-9a-fA-F]{40}$': 'must be an address: 0x and 40 hex digits',
  '^0x[0-9A-Fa-f]{40}$': 'must be an address: 0x and 40 hex digits',
  '^(0|[1-9][0-9]{0,77})$': 'must be a whole number in decimal digits',
  '^[a-z_]+\\.([a-z_]+|\\*)$': 'must be an action such as clones.create, or clones.*',
  '^[a-z_]+(\\.[a-z_]+)*(\\.\\*)?$': 'must be an action such as clones.create, or clones.*',
};

const PATTERN = /^does not match regex pattern `(.*)`$/s;
const LIST = /^must be in list \[(.*)\]$/s;
const ID = /^\^([a-z]{3})_\[0-9a-z\]\{26\}\$$/;

/**
 * Says in words what a broken rule of the contract asks for, where protovalidate says it as a
 * regular expression or as the inside of a list. Whatever it does not know it gives back as it is.
 */
export function plainRule(message: string): string {
  const [, pattern] = PATTERN.exec(message) ?? [];
  if (pattern !== undefined) return plainPattern(pattern) ?? message;
  const [, list] = LIST.exec(message) ?? [];
  return list === undefined ? message : plainList(list.split(', '));
}

function plainPattern(pattern: string): string | undefined {
  const [, prefix] = ID.exec(pattern) ?? [];
  if (prefix !== undefined) {
    return `must be an id: ${prefix}_ and 26 lower-case letters and digits`;
  }
  return Object.hasOwn(PATTERNS, pattern) ? PATTERNS[pattern] : undefined;
}

function plainList(values: readonly string[]): string {
  const named = values.filter((value) => value !== '').join(', ');
  return values.includes('') ? `must be empty or one of ${named}` : `must be one of ${named}`;
}
