/** A refusal to sign, or many of a kind that came together, as it was recorded. */
export interface Denial {
  /** Its place among the refusals of the service: rises, with gaps. */
  readonly id: bigint;
  readonly keyId: string;
  readonly cloneId: string;
  readonly executionId: string;
  readonly reason: string;
  readonly count: bigint;
  readonly at: Date;
  readonly traceId: string;
}
