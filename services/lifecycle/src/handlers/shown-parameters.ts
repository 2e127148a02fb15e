/** What of a request is shown to nobody: secrets, and addresses that may carry them. */
const HIDDEN = new Set(['secretValue', 'url', 'requestId', 'etag', 'validateOnly']);

/** The values of a request that are long are shown by their beginning. */
const MAX_TEXT = 1_000;

/**
 * A request as the log of actions keeps it: what was set, secrets left out.
 *
 * `empty` is the message type: what is as in an empty message says nothing.
 */
export function shownParameters<Message extends object>(
  type: { decode(bytes: Uint8Array): Message },
  message: Message,
): object {
  const empty = type.decode(new Uint8Array());
  const set = Object.entries(message).filter(([name, value]) => {
    return !isAlike(value, (empty as Record<string, unknown>)[name]);
  });
  return Object.fromEntries(set.flatMap(([name, value]) => shownEntry(name, value)));
}

function isAlike(one: unknown, other: unknown): boolean {
  return asText(one) === asText(other);
}

function asText(value: unknown): string {
  return (
    JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? each.toString() : each)) ?? ''
  );
}

function shownEntry(name: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (name === 'requestId' || name === 'validateOnly' || name === 'etag') return [];
  return [[snakeOf(name), HIDDEN.has(name) ? '[hidden]' : shown(value)]];
}

function shown(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string')
    return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').slice(0, MAX_TEXT);
  if (value instanceof Date || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(shown);
  if ('$case' in value && 'value' in value) {
    const name = String(value.$case);
    return { [snakeOf(name)]: HIDDEN.has(name) ? '[hidden]' : shown(value.value) };
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => shownEntry(name, each)),
  );
}

function snakeOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
