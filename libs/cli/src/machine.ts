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

/** The terminal, or pipes, that this process was started with. */
export function terminalOf({ stdin, stdout, stderr }: Streams, signal: AbortSignal): Terminal {
  return {
    columns: stdout.isTTY ? stdout.columns : undefined,
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    print: (text) => void stdout.write(text),
    printError: (text) => void stderr.write(text),
    readInput: () => readAll(stdin),
    async ask(question, { hidden = false } = {}) {
      stderr.write(question);
      // What is typed is echoed by readline to its output: a hidden answer gets none.
      const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr;
      const lines = createInterface({ input: stdin, output, terminal: true });
      try {
        return await lines.question('', { signal });
      } finally {
        lines.close();
        if (hidden) stderr.write('\n');
      }
    },
  };
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
