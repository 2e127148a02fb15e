/** Dresses texts up for a terminal. Leaves them as they are anywhere else. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  /** Good, bad or on its way, from the word for a phase or an outcome. */
  state(text: string): string;
}

const GREEN = new Set(['RUNNING', 'COMPLETED', 'SUCCEEDED']);
const RED = new Set(['FAILED', 'CLEANUP_FAILED', 'TIMED_OUT', 'INTERRUPTED']);
const GREY = new Set(['STOPPED', 'DELETED', 'SUSPENDED', 'ARCHIVED', 'SUPERSEDED', '-']);

const ansi =
  (code: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[0m`;

/** Colours for a terminal that may show them, none otherwise. */
export function paintFor(colored: boolean): Paint {
  if (!colored) return { bold: asIs, dim: asIs, state: asIs };
  return { bold: ansi(1), dim: ansi(2), state: paintState };
}

function paintState(text: string): string {
  if (GREEN.has(text)) return ansi(32)(text);
  if (RED.has(text)) return ansi(31)(text);
  return ansi(GREY.has(text) ? 2 : 33)(text);
}

function asIs(text: string): string {
  return text;
}
