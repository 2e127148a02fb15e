import { systemClock } from '@ramet/service';
import { untilAsked } from './asked.js';
import type { Command, CommandContext } from './commands/context.js';
import { demo } from './commands/demo.js';
import { reset } from './commands/reset.js';
import { start } from './commands/start.js';
import { AlreadyRunning } from './lock.js';

const COMMANDS: Readonly<Record<string, Command>> = { demo, reset, start };

/** Runs a command of the launcher in this process. Returns the exit code. */
export async function main(name: string, args: readonly string[]): Promise<number> {
  const command = COMMANDS[name];
  const context = processContext(args);
  if (!command) {
    context.complain(`no such command: ${name}. There are ${Object.keys(COMMANDS).join(', ')}`);
    return 2;
  }
  try {
    return await command(context);
  } catch (thrown) {
    context.complain(thrown instanceof AlreadyRunning ? thrown.message : explain(thrown));
    return 1;
  }
}

function processContext(args: readonly string[]): CommandContext {
  return {
    env: process.env,
    args,
    say: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    untilAsked: () => untilAsked(systemClock),
  };
}

/** The message of an error and of everything that it was made from. */
function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const causes = thrown instanceof AggregateError ? thrown.errors : [thrown.cause];
  const inner = causes.filter((cause) => cause !== undefined).map(explain);
  return [thrown.message, ...inner].join('\n  because: ');
}
