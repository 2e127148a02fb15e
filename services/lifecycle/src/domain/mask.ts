import { invalid } from '@ramet/errors';

/**
 * Which fields a request changes: those that its mask names, or without one those that are set.
 *
 * Throws REQUEST_INVALID for a mask with anything else in it.
 */
export function maskOf<Field extends string>(
  mask: readonly string[] | undefined,
  fields: { readonly [Name in Field]: boolean },
): ReadonlySet<Field> {
  const known: Field[] = [];
  for (const field in fields) known.push(field);
  if (mask === undefined || mask.length === 0) {
    return new Set(known.filter((field) => fields[field]));
  }
  const violations = mask
    .filter((path) => !known.some((field) => field === path))
    .map(() => ({ field: 'update_mask', description: `must be of ${known.join(', ')}` }));
  if (violations[0]) throw invalid(violations[0]);
  return new Set(known.filter((field) => mask.includes(field)));
}
