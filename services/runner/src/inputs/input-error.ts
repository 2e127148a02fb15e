/** Why an input could not be fetched, in words for the clone's owner: nothing secret in them. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** Whether trying again may help. */
  readonly mayPass: boolean;

  constructor(
    message: string,
    options: { readonly mayPass?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.mayPass = options.mayPass ?? false;
  }
}
