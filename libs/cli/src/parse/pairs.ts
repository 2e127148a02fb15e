import { UsageError } from '../usage-error.js';

/** A named value. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** Reads `name=value`. The value may be empty and may hold more `=`. */
export function parsePair(text: string): Pair {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`not a pair: '${text}' (write it like name=value)`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** Reads pairs that each have a name of their own. Throws UsageError if two share one. */
export function parsePairs(texts: readonly string[]): readonly Pair[] {
  const pairs = texts.map(parsePair);
  const seen = new Set<string>();
  for (const { name } of pairs) {
    if (seen.has(name)) throw new UsageError(`'${name}' is given twice`);
    seen.add(name);
  }
  return pairs;
}

/** Reads pairs as a record, as labels are. */
export function parseLabels(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(parsePairs(texts).map(({ name, value }) => [name, value]));
}

/**
 * Reads a JSON object as pairs. What is not a string becomes its JSON.
 *
 * Throws UsageError if it is not an object.
 */
export function pairsOfJson(json: string): readonly Pair[] {
  const parsed = parseJson(json);
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new UsageError('parameters in a file are one JSON object: {"name": "value"}');
  }
  return Object.entries(parsed).map(([name, value]) => {
    return { name, value: typeof value === 'string' ? value : JSON.stringify(value) };
  });
}

/** Lays pairs over others: of two with one name the later one counts. */
export function overlay(under: readonly Pair[], over: readonly Pair[]): readonly Pair[] {
  const named = new Map([...under, ...over].map((pair) => [pair.name, pair]));
  return [...named.values()];
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (thrown) {
    throw new UsageError(`not JSON: ${(thrown as Error).message}`);
  }
}
