const PASSING = new Set(['RequestTimeout', 'SlowDown', 'InternalError', 'ServiceUnavailable']);

/** The error for a request that a server answered and did not carry out. */
export class S3Failure extends Error {
  override readonly name = 'S3Failure';
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string) {
    super(`the server answered ${statusCode}: ${code}`);
    this.statusCode = statusCode;
    this.code = code;
  }

  /** Whether the same request may succeed another time. */
  get isPassing(): boolean {
    return this.statusCode >= 500 || this.statusCode === 429 || PASSING.has(this.code);
  }
}
