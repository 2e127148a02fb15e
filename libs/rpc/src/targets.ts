/** How many ids a record has at most. */
export const MAX_TARGETS = 20;
const MAX_DEPTH = 3;
const IS_ID = /^[a-z]{3}_[0-9a-z]{26}$/;
const NAMES_ID = /^(id|ids|[a-z]\w*Ids?)$/;

/**
 * The ids of what a call was about: those that its request names, and of what its response says
 * was made or changed. At most 20, each once.
 *
 * Only fields that are named like ids count: labels and other text are what callers like.
 */
export function targetsOf(request: unknown, response: unknown): readonly string[] {
  const found = new Set<string>();
  collect(request, found, MAX_DEPTH);
  if (isMessage(response)) {
    for (const part of Object.values(response)) {
      if (isMessage(part)) add(part.id, found);
    }
  }
  return [...found].slice(0, MAX_TARGETS);
}

/** All ids that a request names, however many, and however deep. */
export function idsOf(request: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  collect(request, found, Number.POSITIVE_INFINITY);
  return found;
}

function collect(message: unknown, found: Set<string>, depth: number): void {
  if (!isMessage(message) || depth === 0) return;
  // An owner is one of two ids, whose name stands beside it.
  if (typeof message.$case === 'string' && NAMES_ID.test(message.$case)) add(message.value, found);
  for (const [name, value] of Object.entries(message)) {
    if (!NAMES_ID.test(name)) collect(value, found, depth - 1);
    else if (Array.isArray(value)) for (const each of value) add(each, found);
    else add(value, found);
  }
}

function add(value: unknown, found: Set<string>): void {
  if (typeof value === 'string' && IS_ID.test(value)) found.add(value);
}

function isMessage(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}
