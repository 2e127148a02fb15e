import { create, type DescMessage, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Validator } from '@bufbuild/protovalidate';
import { invalid, type Violation } from '@ramet/errors';
import { findMethod } from './contract.js';
import type { AnyMethod } from './method.js';
import { plainRule } from './plain-rule.js';
import { inspectorOf } from './wire.js';

/** Decodes a request that keeps all promises of the contract. Throws REQUEST_INVALID otherwise. */
export type Decode = (bytes: Buffer) => unknown;

/**
 * Prepares the decoding of requests. Everything is compiled before the first call.
 *
 * All violations of a request are reported together, each with the path of its field.
 */
export function createDecoders(registry: FileRegistry): (method: AnyMethod) => Decode {
  const validator = createValidator({ registry, regexMatch: createMatcher() });
  return (method) => {
    const { input } = findMethod(registry, method.path);
    const inspect = inspectorOf(input);
    violationsOf(validator, input, create(input));

    return (bytes) => {
      const { violations, readable } = inspect(bytes);
      if (!readable) throw invalid(...violations);

      const broken = violationsOf(
        validator,
        input,
        decoded(() => fromBinary(input, readable)),
      );
      if (violations.length > 0 || broken.length > 0) throw invalid(...merged(violations, broken));
      return decoded(() => method.requestDeserialize(bytes));
    };
  };
}

/**
 * Matches with the engine's own expressions: many times faster than the RE2 that protovalidate
 * brings, whose guarantees are for patterns of strangers. These are the contract's: few, anchored.
 */
function createMatcher(): (pattern: string, text: string) => boolean {
  const compiled = new Map<string, RegExp>();
  return (pattern, text) => {
    const known = compiled.get(pattern) ?? new RegExp(pattern, 'u');
    compiled.set(pattern, known);
    return known.test(text);
  };
}

function violationsOf(
  validator: Validator,
  input: DescMessage,
  message: ReturnType<typeof create>,
): readonly Violation[] {
  const result = validator.validate(input, message);
  switch (result.kind) {
    case 'valid':
      return NONE;
    case 'invalid':
      return result.violations.map((each) => ({
        field: pathToString(each.field),
        description: plainRule(each.message),
      }));
    case 'error':
      throw result.error;
  }
}

/** Both, with what is wrong with a field's bytes in place of what that does to its value. */
function merged(
  ofBytes: readonly Violation[],
  ofValues: readonly Violation[],
): readonly Violation[] {
  const named = new Set(ofBytes.map(({ field }) => field));
  return [...ofBytes, ...ofValues.filter(({ field }) => !named.has(field))];
}

const NONE: readonly Violation[] = [];

function decoded<Message>(decode: () => Message): Message {
  try {
    return decode();
  } catch {
    throw invalid({ field: '', description: 'cannot be decoded' });
  }
}
