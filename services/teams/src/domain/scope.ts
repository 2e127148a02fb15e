import { invalid, PublicError } from '@ramet/errors';

/**
 * The scopes of a credential that a caller makes: what was asked for, if the caller has it.
 *
 * Nothing asked for is all that the caller has. Throws SCOPE_MISSING for what would be more.
 */
export function narrow(held: readonly string[], wanted: readonly string[]): readonly string[] {
  if (held.length === 0) return wanted;
  if (wanted.length === 0) return held;
  const missing = wanted.find((scope) => !held.some((each) => covers(each, scope)));
  if (missing !== undefined) throw scopeMissing(missing);
  return wanted;
}

/** Tells whether all that is in one scope is in another. An action is a scope of itself. */
export function covers(held: string, wanted: string): boolean {
  return held.endsWith('.*') ? wanted.startsWith(held.slice(0, -1)) : held === wanted;
}

/**
 * Throws REQUEST_INVALID for every scope that no action is in, naming it as an item of a field: who has
 * mistyped one would get a credential that is good for nothing.
 */
export function requireKnown(
  scopes: readonly string[],
  { actions, field }: { readonly actions: readonly string[]; readonly field: string },
): void {
  const violations = scopes.flatMap((scope, at) =>
    actions.some((action) => covers(scope, action))
      ? []
      : [{ field: `${field}[${at}]`, description: `there is no such action: ${scope}` }],
  );
  if (violations.length > 0) throw invalid(...violations);
}

/** The same for the scopes of the rules of an identity provider. */
export function requireKnownRules(
  rules: readonly { readonly scopes: readonly string[] }[],
  actions: readonly string[],
): void {
  for (const [at, { scopes }] of rules.entries()) {
    requireKnown(scopes, { actions, field: `rules[${at}].scopes` });
  }
}

function scopeMissing(action: string): PublicError {
  const message = `your token is not good for this: ${action}`;
  return new PublicError('permission_denied', 'SCOPE_MISSING', message, { metadata: { action } });
}
