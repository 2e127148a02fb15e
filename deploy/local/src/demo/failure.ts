import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemoteError } from '@ramet/rpc';
import type { Layout } from '../layout.js';

const LINES = 5;
const WIDTH = 400;
/** The levels of lines that somebody should look at. */
const BAD: ReadonlySet<unknown> = new Set(['warn', 'error', 'fatal']);

/** Says what went wrong, and what the processes of a mesh wrote about it since `since`. */
export function tellFailure(thrown: unknown, layout: Layout, since: Date): readonly string[] {
  return [
    '',
    `the demo failed: ${explain(thrown)}`,
    ...logsIn(layout).flatMap(([name, text]) => {
      const lines = warnings(text, since).slice(-LINES);
      return lines.length === 0 ? [] : ['', `${name}:`, ...lines];
    }),
    '',
    `logs:   ${layout.logs}`,
    `traces: ${layout.traces}`,
  ];
}

function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const because = thrown.cause === undefined ? '' : `\n  because: ${explain(thrown.cause)}`;
  if (!(thrown instanceof RemoteError)) return thrown.message + because;
  const { code, reason, message, violations, traceId } = thrown;
  const fields = violations.map(({ field, description }) => `\n  ${field}: ${description}`);
  return `${code} (${reason}): ${message}${fields.join('')}\n  trace ${traceId}${because}`;
}

function logsIn({ logs }: Layout): readonly (readonly [string, string])[] {
  const files = readdirSync(logs).filter((name) => name.endsWith('.log'));
  return files.map((name) => [join(logs, name), readFileSync(join(logs, name), 'utf8')] as const);
}

/** The lines of a log that matter: warnings and errors, and whatever is no line of a logger. */
function warnings(text: string, since: Date): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const entry = parse(line);
    if (!entry || !BAD.has(entry.level) || new Date(entry.time) < since) return [];
    return [line.slice(0, WIDTH)];
  });
}

function parse(line: string): { readonly level: unknown; readonly time: string } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
