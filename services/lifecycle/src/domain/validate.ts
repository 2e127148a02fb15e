import { invalid, type Violation } from '@ramet/errors';
import type { Parameter, Report } from './clone.js';

const MAX_PARAMETER_BYTES = 512 * 1024;

/** What a request says that the contract alone cannot judge. */
export interface Spoken {
  readonly parameters: readonly Parameter[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Throws REQUEST_INVALID with everything that is wrong with a clone's parameters and labels. */
export function requireValid({ parameters, labels }: Spoken): void {
  const violations = [...duplicates(parameters), ...tooLarge(parameters), ...withNul(labels)];
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

function withNul(labels: Spoken['labels']): readonly Violation[] {
  return Object.entries(labels)
    .filter((entry) => entry.some(hasNul))
    .map(([key]) => {
      return { field: `labels[${JSON.stringify(key)}]`, description: 'must not contain NUL' };
    });
}

/** Throws REQUEST_INVALID if what a workload said cannot be kept. */
export function requireText(field: string, { message, metrics }: Omit<Report, 'success'>): void {
  const texts = [
    [`${field}.message`, message] as const,
    ...metrics.map(({ unit }, index) => [`${field}.metrics[${index}].unit`, unit] as const),
  ];
  const violations = texts
    .filter(([, value]) => hasNul(value))
    .map(([path]) => ({ field: path, description: 'must not contain NUL' }));
  if (violations.length > 0) throw invalid(...violations);
}

function hasNul(value: string): boolean {
  return value.includes('\0');
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
