/** What a store needs of the process's time. */
export interface Clock {
  now(): Date;
  /** Waits. Returns early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
