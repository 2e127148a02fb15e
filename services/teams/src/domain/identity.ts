/** What a token says of who shows it. */
export type Identity =
  | ({ readonly kind: 'user' } & UserIdentity)
  | { readonly kind: 'service'; readonly name: string }
  | ({ readonly kind: 'workload' } & WorkloadIdentity);

/** A user, and what a token of theirs was made of. */
export interface UserIdentity {
  readonly id: string;
  readonly admin: boolean;
  /** The version of the user that the token is made of: a later one may refuse it. */
  readonly version?: number;
  /** The ids of the credentials that it is made of. It is revoked with any of them. */
  readonly credentialIds?: readonly string[];
  /** What it is good for. Empty or absent: all that the user may do. */
  readonly scopes?: readonly string[];
  /** What requests with it have to be about. Absent: whatever. */
  readonly binding?: Binding;
}

/** What a provider has signed: requests with the token are about this, or refused. */
export interface Binding {
  /** The one thing. Empty: whatever the owner has. */
  readonly targetId: string;
  readonly ownerId: string;
  /** What a request that makes something has as its request id. */
  readonly requestId: string;
}

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
