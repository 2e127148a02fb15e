/** The process's time and timers, as far as the audit needs them. */
export interface Clock {
  now(): Date;
  elapsed(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  after(ms: number, callback: () => void): () => void;
}

/** Where it is told what went wrong. */
export interface Logger {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
