import type { Clock, Ids } from '@ramet/service';

/** The terminal, or the pipes and files in its place. */
export interface Terminal {
  /** How wide standard output is. Undefined where it is no terminal. */
  readonly columns: number | undefined;
  /** Whether a person can be asked something. */
  readonly interactive: boolean;
  print(text: string | Uint8Array): void;
  /** Resolves when standard output has room for more. */
  drained(): Promise<void>;
  printError(text: string | Uint8Array): void;
  /** All of standard input, as bytes. Throws UsageError above the limit. */
  readInput(): Promise<Buffer>;
  /** Asks for one line. A hidden one is not echoed. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
}

/** What the command gets from the machine that it runs on. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that it was called in. */
  readonly folder: string;
  readonly home: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly terminal: Terminal;
  /** Aborts when whoever called the command interrupts it. */
  readonly signal: AbortSignal;
}
