import { invalid, type Violation } from '@ramet/errors';
import type { Parameter } from './clone.js';

const MAX_PARAMETER_BYTES = 512 * 1024;

/**
 * Throws REQUEST_INVALID with everything that is wrong with a clone's parameters together.
 *
 * What one field alone has to be like stands in the contract.
 */
export function requireParameters(parameters: readonly Parameter[]): void {
  const violations = [...duplicates(parameters), ...tooLarge(parameters)];
  if (violations.length > 0) throw invalid(...violations);
}

function duplicates(parameters: readonly Parameter[]): readonly Violation[] {
  const seen = new Set<string>();
  return parameters.flatMap(({ name }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ field: `parameters[${index}].name`, description: `is there already: ${name}` }];
  });
}

function tooLarge(parameters: readonly Parameter[]): readonly Violation[] {
  const bytes = parameters.reduce((sum, { name, value }) => sum + sizeOf(name) + sizeOf(value), 0);
  if (bytes <= MAX_PARAMETER_BYTES) return [];
  const description = `must be at most ${MAX_PARAMETER_BYTES} bytes together, not ${bytes}`;
  return [{ field: 'parameters', description }];
}

/** UTF-8 bytes of a text, without what only Node has. */
function sizeOf(value: string): number {
  let bytes = 0;
  for (const character of value) bytes += widthOf(character.codePointAt(0) ?? 0);
  return bytes;
}

function widthOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
