/** What a command may use of the process that it runs in. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
  /** Prints a line for whoever called. */
  say(line: string): void;
  /** Prints a line about what went wrong. */
  complain(line: string): void;
  /** Resolves when the process is asked to stop. Listens from the first call on. */
  untilAsked(): Promise<unknown>;
}

/** Does one thing and returns the exit code. */
export type Command = (context: CommandContext) => Promise<number>;
