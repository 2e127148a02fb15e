/** What a token says of who shows it. */
export type Identity =
  | { readonly kind: 'user'; readonly id: string; readonly admin: boolean }
  | { readonly kind: 'service'; readonly name: string }
  | ({ readonly kind: 'workload' } & WorkloadIdentity);

/** The one epoch of one execution that a workload's token is for. */
export interface WorkloadIdentity {
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
}

/** A token that was just signed. */
export interface SignedToken {
  readonly text: string;
  readonly expiresAt: Date;
  readonly lifeSeconds: number;
}
