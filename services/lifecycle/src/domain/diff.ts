/** What differs in one field of two messages. */
export interface FieldDiff {
  /** The field, such as `release.tag` or `stages[1].state`. */
  readonly path: string;
  /** How it was first, as JSON. Empty: absent. */
  readonly a: string;
  /** How it was then, as JSON. Empty: absent. */
  readonly b: string;
}

/** What differs between two messages, in the order of their fields. `except` are names left out. */
export function diffOf(a: object, b: object, except: readonly string[]): readonly FieldDiff[] {
  return [...diffs('', a, b)].filter(({ path }) => !except.includes(camelOf(path)));
}

function* diffs(path: string, a: unknown, b: unknown): Generator<FieldDiff> {
  if (isBranch(a) && isBranch(b) && Array.isArray(a) === Array.isArray(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    for (const name of names) yield* diffs(below(path, name, a), partOf(a, name), partOf(b, name));
    return;
  }
  const [one, other] = [textOf(a), textOf(b)];
  if (one !== other) yield { path, a: one, b: other };
}

function isBranch(value: unknown): value is object {
  if (value === null || typeof value !== 'object') return false;
  return !(value instanceof Date) && !(value instanceof Uint8Array);
}

function partOf(value: object, name: string): unknown {
  return (value as Record<string, unknown>)[name];
}

function below(path: string, name: string, parent: object): string {
  if (Array.isArray(parent)) return `${path}[${name}]`;
  return path === '' ? snakeOf(name) : `${path}.${snakeOf(name)}`;
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return JSON.stringify(value, plain) ?? '';
}

/** The same text for the same value, in whatever order its fields were set. */
function plain(_: string, each: unknown): unknown {
  if (typeof each === 'bigint') return each.toString();
  if (!isBranch(each) || Array.isArray(each)) return each;
  return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function snakeOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelOf(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
