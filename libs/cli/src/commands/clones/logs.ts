import { LogLine, LogStream } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseWhole } from '../../parse/whole.js';
import { shape } from '../../print/json.js';
import { moment } from '../../print/values.js';
import { visible } from '../../print/width.js';
import { findClone } from '../../resolve.js';
import { argument } from '../options.js';
import { persist } from './persist.js';

interface LogOptions {
  readonly execution?: string;
  readonly follow?: boolean;
  readonly tail?: string;
  readonly timestamps?: boolean;
}

const LINE = shape('lifecycle.v1.LogLine', LogLine);
const MOST_LINES = 10_000;
const LINE_END = Buffer.from('\n');

/** Adds `clones logs`. */
export function addCloneLogs(clones: Command, act: Act): void {
  clones
    .command('logs <clone>')
    .description('show what the workload of a clone printed')
    .option('--execution <id>', 'of this execution (default: the current one, or the last)')
    .option('-f, --follow', 'go on until the workload ends')
    .option('--tail <count>', `only the last lines, at most ${MOST_LINES}`)
    .option('-t, --timestamps', 'put the time before each line')
    .action(act(logs));
}

async function logs(context: Context, args: readonly string[], options: LogOptions): Promise<void> {
  const { session, world, out } = context;
  const { clock, signal } = world;
  const { execution = '', follow = false, tail } = options;
  const cloneId = await findClone(context, argument(args, 0));
  const tailLines = tail === undefined ? 0 : parseWhole(tail, 1, MOST_LINES);

  let lastNumber = 0n;
  const onAway = (): void => out.note('lifecycle is away, going on after the last line');
  await persist({ clock, signal, onAway }, async (answered) => {
    const request = { cloneId, executionId: execution, follow, tailLines };
    for await (const { lines } of session.clones.streamCloneLogs(request, { signal })) {
      answered();
      for (const line of lines) {
        // After a break the stream starts anew: what was shown before is passed over.
        if (line.number <= lastNumber) continue;
        lastNumber = line.number;
        show(context, line, options);
      }
    }
  });
}

/** Shows a line where it was printed: a workload's errors come on standard error. */
function show({ out, world }: Context, line: LogLine, { timestamps }: LogOptions): void {
  if (out.json) {
    out.next(LINE, line, '');
    return;
  }
  const { terminal } = world;
  const head = timestamps ? Buffer.from(`${moment(line.time)} `) : Buffer.alloc(0);
  // A workload's text could command a terminal. In a file or a pipe it stays as it was printed.
  const onTerminal = terminal.columns !== undefined;
  const text = onTerminal ? Buffer.from(visible(line.text.toString('utf8'))) : line.text;
  const bytes = Buffer.concat([head, text, LINE_END]);
  if (line.stream === LogStream.STDERR) terminal.printError(bytes);
  else terminal.print(bytes);
}
