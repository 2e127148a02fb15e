/** A field of a list, as a service offers it to filters and orders. */
export type Field = EnumField | PlainField;

interface Common {
  /**
   * What the field is in SQL, such as `c.created_at`. Never anything that a caller has said.
   *
   * A `text` must compare by bytes, `c.name collate "C"`: so does what is in memory.
   */
  readonly sql: string;
  /** Whether lists can be ordered by it. */
  readonly ordered?: boolean;
  /** Whether it may be null, which matters to orders only. */
  readonly nullable?: boolean;
}

interface EnumField extends Common {
  readonly type: 'enum';
  readonly values: readonly string[];
  /** What the contract writes before each value, such as `CLONE_PHASE_`. It may be left out. */
  readonly long?: string;
}

interface PlainField extends Common {
  /**
   * What it holds:
   *
   * - `id` is equal or not; it has no order in filters and no parts.
   * - `text` has an order and beginnings. An empty one counts as absent.
   * - `timestamp` has whole milliseconds: what is finer in the database is cut off.
   * - `duration` is a number of seconds.
   * - `labels` are a jsonb object of texts; a `list` is a text[].
   */
  readonly type: 'id' | 'text' | 'timestamp' | 'number' | 'duration' | 'bool' | 'labels' | 'list';
}

export type FieldType = Field['type'];

/** The fields of a list by the names that its callers use. */
export type Fields = Readonly<Record<string, Field>>;

/** What to say of a name that no field has. */
export function unknownField(name: string, fields: Fields): string {
  return `there is no field ${quoted(name)}; there are ${Object.keys(fields).sort().join(', ')}`;
}

const SHOWN = 40;

/** A part of what a caller has written, short enough to be told. */
export function quoted(text: string): string {
  const points = [...text.slice(0, 2 * SHOWN)];
  return JSON.stringify(points.length > SHOWN ? `${points.slice(0, SHOWN).join('')}...` : text);
}
