const HIDDEN = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;

/** Names whose values are not for logs, whatever they are. */
const SECRET_NAME =
  /secret|token(?!_?id)|passw|passphrase|authorization|credential|cookie|private.?key|api.?key|key.?material/i;

/** Texts that are not for logs, whatever the name of their field. */
const SECRET_TEXTS: readonly RegExp[] = [
  /\bBearer\s+[\w.~+/=-]+/gi,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  // The password in a URL.
  /(?<=:\/\/[^\s:/@]*:)[^\s/@]+(?=@)/g,
];

/**
 * Copies a value for the log: secrets hidden, errors with their causes, nothing too deep.
 *
 * It is the last line of defence. Secrets do not belong into log calls in the first place.
 */
export function redact(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return SECRET_TEXTS.reduce((text, secret) => text.replace(secret, HIDDEN), value);
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : redactObject(value, depth);
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    default:
      return value;
  }
}

function redactObject(value: object, depth: number): unknown {
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return redact(value.toJSON(), depth + 1);
  }
  if (value instanceof Map) return redactObject(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MAX_ITEMS).map((each) => redact(each, depth + 1));
  }
  return redactFields(value, depth);
}

/** Copies fields for the log. Those with the name of a secret are hidden. */
export function redactFields(fields: object, depth = 0): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    copy[name] = SECRET_NAME.test(name) ? HIDDEN : redact(value, depth + 1);
  }
  return copy;
}

/** What is known to be safe of an error. Drivers hang statements and parameters on theirs. */
function redactError(error: Error, depth: number): unknown {
  const { name, message, stack, cause } = error;
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return {
    name,
    message: redact(message),
    ...(code !== undefined && { code: redact(code, depth + 1) }),
    ...(typeof reason === 'string' && { reason: redact(reason) }),
    ...(stack && { stack: redact(stack) }),
    ...(cause !== undefined && { cause: redact(cause, depth + 1) }),
    ...(error instanceof AggregateError && { errors: redact(error.errors, depth + 1) }),
  };
}
