import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../../domain/log-line.js';

const NEW_LINE = 0x0a;
const HEAD = /^(\d+) (\d+) (stdout|stderr) (\d+)$/;

/**
 * Reads the lines after a number from the log files that a runner writes.
 *
 * A record is `<number> <unix ms> <stream> <bytes>`, a line end, the bytes, a line end; a file is
 * named by its first. A record that is not all there yet ends the reading.
 */
export async function readLog(folder: string, after: number): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for (const name of filesFrom(await namesIn(folder), after + 1)) {
    const content = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    for (const line of parseLog(content)) if (line.number > after) lines.push(line);
  }
  return lines;
}

/** The lines in a log file, up to the first that is not complete. */
function* parseLog(content: Buffer): Generator<LogLine> {
  let from = 0;
  while (from < content.length) {
    const headEnd = content.indexOf(NEW_LINE, from);
    const head = headEnd === -1 ? null : HEAD.exec(content.toString('latin1', from, headEnd));
    if (!head) return;
    const [, number, time, stream, bytes] = head;
    const textEnd = headEnd + 1 + Number(bytes);
    if (textEnd >= content.length) return;
    yield {
      number: Number(number),
      time: new Date(Number(time)),
      stream: stream === 'stdout' ? 'stdout' : 'stderr',
      text: content.subarray(headEnd + 1, textEnd),
    };
    from = textEnd + 1;
  }
}

/** The files that can hold a line or any after it. */
function filesFrom(names: readonly string[], line: number): readonly string[] {
  return names.filter((_, index) => {
    const next = names[index + 1];
    return next === undefined || Number.parseInt(next, 10) > line;
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.log')).sort();
}
