import { type DescField, type FileRegistry, ScalarType } from '@bufbuild/protobuf';
import { type FieldRules, rulesOf, type TypeRules } from '../../security/support/rules.js';

const WHOLE = /^\^.*\$$/;
const ENDLESS = /(?<!\\)[*+]|\{\d+,\}/;

/**
 * Tells whether the contract limits what a field can hold, by itself and in each of its items.
 *
 * Numbers, messages and enums are bounded by what they are.
 */
export function isBounded(field: DescField, files: FileRegistry): boolean {
  const rules = rulesOf(field, files);
  switch (field.fieldKind) {
    case 'list':
      return isSet(rules?.maxItems) && isItemBounded(field.scalar, rules?.items);
    case 'map': {
      const isKeyBounded = isItemBounded(field.mapKey, rules?.keys);
      return isSet(rules?.maxPairs) && isKeyBounded && isItemBounded(field.scalar, rules?.values);
    }
    case 'scalar':
      return isTextBounded(field.scalar, rules);
    case 'message':
    case 'enum':
      return true;
  }
}

function isItemBounded(scalar: ScalarType | undefined, rules: FieldRules | undefined): boolean {
  return scalar === undefined || isTextBounded(scalar, rules?.type?.value);
}

function isTextBounded(scalar: ScalarType, rules: TypeRules | undefined): boolean {
  if (scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES) return true;
  if (!rules) return false;
  const { maxLen, maxBytes, len, in: oneOf = [], pattern = '' } = rules;
  const isPatternBounded = WHOLE.test(pattern) && !ENDLESS.test(pattern);
  return [maxLen, maxBytes, len].some(isSet) || oneOf.length > 0 || isPatternBounded;
}

function isSet(limit: bigint | undefined): boolean {
  return limit !== undefined && limit > 0n;
}
