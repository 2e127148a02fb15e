import { invalid, type Violation } from '@ramet/errors';
import { ALGORITHMS } from './algorithm.js';
import { isTooFar, type Limits, MAX_DAYS, type Operation } from './grant.js';
import type { Key } from './key.js';
import { structuredOperationsOf } from './operations.js';
import { schemeOf } from './schemes/venues.js';

/**
 * What of limits could not hold for a key, were it granted with them now. Fields are named as in
 * GrantLimits.
 *
 * Not judged is what a grant is not made for: whether the key is free, enabled and within its time.
 */
export function limitViolations(limits: Limits, key: Key, now: Date): readonly Violation[] {
  return [
    ...operationViolations(limits, key),
    ...ruleViolations(limits, key),
    ...symbolViolations(limits, key),
    ...endViolations(limits, key, now),
  ];
}

function operationViolations({ operations }: Limits, key: Key): readonly Violation[] {
  if (operations.length === 0 && structuredOperationsOf(key).length === 0) {
    const description = 'is required: the key signs raw bytes alone, which have to be named';
    return [{ field: 'operations', description }];
  }
  return operations.flatMap((operation, index) => {
    const problem = problemOf(operation, key);
    return problem ? [{ field: `operations[${index}]`, description: problem }] : [];
  });
}

/** Why a key can sign nothing of a kind, or undefined if it can. */
function problemOf(operation: Operation, { algorithm, venue }: Key): string | undefined {
  switch (operation) {
    case 'raw':
      return undefined;
    case 'prehashed':
      return ALGORITHMS[algorithm].digestBytes === undefined
        ? `keys of ${algorithm} sign no digests`
        : undefined;
    case 'venue':
      if (schemeOf(venue)) return undefined;
      return venue === '' ? 'the key is for no venue' : `no requests to ${venue} can be signed`;
    case 'evm_transaction':
    case 'evm_message':
    case 'evm_typed_data':
    case 'solana_message':
      return structuredOperationsOf({ algorithm, venue: '' }).includes(operation)
        ? undefined
        : `keys of ${algorithm} cannot sign this: ${operation}`;
  }
}

const RULED = {
  venue: ['venue'],
  evm: ['evm_transaction', 'evm_message', 'evm_typed_data'],
  solana: ['solana_message'],
} as const satisfies Record<string, readonly Operation[]>;

/** Who limits what is not signed has another key, or other operations, in mind. */
function ruleViolations({ operations, rules }: Limits, key: Key): readonly Violation[] {
  const granted = operations.length > 0 ? operations : structuredOperationsOf(key);
  return (['venue', 'evm', 'solana'] as const).flatMap((field) => {
    const isAbout = RULED[field].some((operation) => granted.includes(operation));
    if (!rules[field] || isAbout) return [];
    return [
      { field, description: 'limits nothing: no operation that it is about would be granted' },
    ];
  });
}

const MORE_NAMES = 'cannot be held: the venue has several names for each. Allow symbols instead';

/**
 * Which lists of symbols could not hold for the venue of a key. Fields are named as in GrantLimits.
 */
function symbolViolations({ rules }: Limits, { venue }: Pick<Key, 'venue'>): readonly Violation[] {
  const holds = schemeOf(venue)?.holdsSymbols ?? 'both';
  const { allow, deny } = rules.venue ?? {};
  const violations: Violation[] = [];
  if (holds === 'none' && allow && allow.symbols.length > 0) {
    violations.push({ field: 'venue.allow.symbols', description: unsignedAt(venue) });
  }
  if (holds !== 'both' && deny && deny.symbols.length > 0) {
    const description = holds === 'none' ? unsignedAt(venue) : MORE_NAMES;
    violations.push({ field: 'venue.deny.symbols', description });
  }
  return violations;
}

/** Throws REQUEST_INVALID, naming them, for lists of symbols that could not hold for a key. */
export function requireHeldSymbols(limits: Limits, key: Pick<Key, 'venue'>): void {
  const violations = symbolViolations(limits, key);
  if (violations.length === 0) return;
  throw invalid(...violations.map((each) => ({ ...each, field: `limits.${each.field}` })));
}

function unsignedAt(venue: string): string {
  return `cannot be held: what ${venue} has signed says nothing of what is traded`;
}

function endViolations(
  { expiresAt }: Limits,
  { validUntil }: Key,
  now: Date,
): readonly Violation[] {
  const refused = (description: string) => [{ field: 'expire_time', description }];
  if (!expiresAt) return [];
  if (expiresAt <= now) return refused('must be in the future');
  if (isTooFar(expiresAt, now)) return refused(`must be within ${MAX_DAYS} days`);
  if (validUntil && expiresAt > validUntil) {
    return refused(`must not be later than the end of the key: ${validUntil.toISOString()}`);
  }
  return [];
}
