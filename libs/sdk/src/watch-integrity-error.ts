/**
 * What is wrong with a stream: something is missing, came twice, or came in another order or other
 * than it was sent.
 */
export type WatchFault = 'dropped' | 'repeated' | 'reordered';

/** That what came is not what was sent. What was taken in since the last proof is not to be trusted. */
export class WatchIntegrityError extends Error {
  override readonly name = 'WatchIntegrityError';
  readonly fault: WatchFault;
  /** The clone at which it shows. Empty: it only shows in the proof of a checkpoint. */
  readonly cloneId: string;

  constructor(fault: WatchFault, message: string, cloneId = '') {
    super(message);
    this.fault = fault;
    this.cloneId = cloneId;
  }
}
