/** What this library needs of the process's time. */
export interface Clock {
  now(): Date;
  /** Milliseconds that only ever grow. */
  elapsed(): number;
  /** Waits. Returns early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What this library needs of the process's log. Messages are constants; facts are fields. */
export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Who is told of each statement, at the finest level there is. */
export interface StatementLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
