/** One accepted signature, as the log keeps it: never the payload, never the signature. */
export interface Signature {
  /** Its place in the log: rises, with gaps. */
  readonly position: bigint;
  readonly keyId: string;
  /** The version of the key that has signed. 0: from before it was noted. */
  readonly keyVersion: number;
  readonly grantId: string;
  readonly cloneId: string;
  readonly executionId: string;
  readonly requestId: string;
  readonly scheme: string;
  readonly digest: Buffer;
  readonly acceptedAt: Date;
  readonly traceId: string;
  /** Undefined where the scheme has none. */
  readonly nonce: bigint | undefined;
}
