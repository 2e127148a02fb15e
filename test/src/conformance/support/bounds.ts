import {
  type DescField,
  type FileRegistry,
  getOption,
  hasOption,
  ScalarType,
} from '@bufbuild/protobuf';

/** What the contract promises of the size of a field. */
export interface Bounds {
  /** Whether there is a limit to what the field can hold, by itself and in each of its items. */
  readonly isBounded: boolean;
}

/** The rules of protovalidate for a field, as far as they bound it. */
interface Rules {
  readonly type?: { readonly case?: string; readonly value?: TypeRules } | undefined;
}

interface TypeRules {
  readonly maxLen?: bigint;
  readonly maxBytes?: bigint;
  readonly len?: bigint;
  readonly in?: readonly unknown[];
  readonly pattern?: string;
  readonly maxItems?: bigint;
  readonly maxPairs?: bigint;
  readonly items?: Rules;
  readonly keys?: Rules;
  readonly values?: Rules;
}

const WHOLE = /^\^.*\$$/;
const ENDLESS = /(?<!\\)[*+]|\{\d+,\}/;

/** Reads what bounds a field. Numbers, messages and enums are bounded by what they are. */
export function boundsOf(field: DescField, files: FileRegistry): Bounds {
  const rules = rulesOf(field, files)?.type?.value;
  switch (field.fieldKind) {
    case 'list':
      return { isBounded: isSet(rules?.maxItems) && isItemBounded(field.scalar, rules?.items) };
    case 'map': {
      const keys = isItemBounded(field.mapKey, rules?.keys);
      const values = isItemBounded(field.scalar, rules?.values);
      return { isBounded: isSet(rules?.maxPairs) && keys && values };
    }
    case 'scalar':
      return { isBounded: isTextBounded(field.scalar, rules) };
    case 'message':
    case 'enum':
      return { isBounded: true };
  }
}

function rulesOf(field: DescField, files: FileRegistry): Rules | undefined {
  const extension = files.getExtension('buf.validate.field');
  if (!extension) throw new Error('the image has no buf.validate.field');
  return hasOption(field, extension) ? (getOption(field, extension) as Rules) : undefined;
}

function isItemBounded(scalar: ScalarType | undefined, rules: Rules | undefined): boolean {
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
