import { type DescField, type FileRegistry, getOption, hasOption } from '@bufbuild/protobuf';

/** The rules of protovalidate for values of one type, as far as tests look at them. */
export interface TypeRules {
  readonly maxLen?: bigint;
  readonly maxBytes?: bigint;
  readonly len?: bigint;
  readonly in?: readonly unknown[];
  readonly pattern?: string;
  readonly maxItems?: bigint;
  readonly maxPairs?: bigint;
  readonly items?: FieldRules;
  readonly keys?: FieldRules;
  readonly values?: FieldRules;
}

/** The rules of protovalidate for a field. */
export interface FieldRules {
  readonly type?: { readonly value?: TypeRules } | undefined;
}

/** Reads the rules that the contract has for a field. */
export function rulesOf(field: DescField, files: FileRegistry): TypeRules | undefined {
  const extension = files.getExtension('buf.validate.field');
  if (!extension) throw new Error('the image has no buf.validate.field');
  if (!hasOption(field, extension)) return undefined;
  return (getOption(field, extension) as FieldRules).type?.value;
}
