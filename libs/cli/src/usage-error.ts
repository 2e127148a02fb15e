/** What somebody typed that the command cannot take. Nothing was sent. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A thing that was named and is not there, as far as the caller can see. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** The end of a command that was told, such as a clone that failed while it was waited for. */
export class FailedError extends Error {
  override readonly name = 'FailedError';
}
