import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './usage-error.js';
import type { Terminal } from './world.js';

const MOST_INPUT_BYTES = 4 * 1024 * 1024;

/** The standard streams of this process. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** The terminal, or pipes, that this process was started with. Typed Ctrl-C interrupts. */
export function terminalOf(streams: Streams, interruption: AbortController): Terminal {
  const { stdin, stdout, stderr } = streams;
  return {
    columns: stdout.isTTY ? stdout.columns : undefined,
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    print: (text) => void stdout.write(text),
    drained: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    printError: (text) => void stderr.write(text),
    readInput: () => readAll(stdin),
    ask: (question, { hidden = false } = {}) => ask(streams, { question, hidden, interruption }),
  };
}

interface Question {
  readonly question: string;
  readonly hidden: boolean;
  readonly interruption: AbortController;
}

/** Asks for a line. The end of the input is an empty one. */
async function ask(
  { stdin, stderr }: Streams,
  { question, hidden, interruption }: Question,
): Promise<string> {
  stderr.write(question);
  // What is typed is echoed by readline to its output: a hidden answer gets none.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr;
  const lines = createInterface({ input: stdin, output, terminal: true });
  // In this mode the terminal sends Ctrl-C as a character, and not as a signal.
  lines.on('SIGINT', () => interruption.abort());
  const ended = once(lines, 'close').then(() => '');
  try {
    return await Promise.race([lines.question('', { signal: interruption.signal }), ended]);
  } finally {
    lines.close();
    if (hidden) stderr.write('\n');
  }
}

async function readAll(stdin: NodeJS.ReadStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk as Uint8Array);
    bytes += buffer.length;
    if (bytes > MOST_INPUT_BYTES) throw new UsageError('there is too much on standard input');
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}
