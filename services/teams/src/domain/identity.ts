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

/** Who is behind a credential that was shown, for the audit: also if it is refused after all. */
export interface Known {
  /** Anonymous: somebody whom a provider vouches for, and who is nobody here. */
  readonly kind: 'user' | 'service' | 'anonymous';
  readonly id: string;
  readonly admin?: boolean;
  /** The ids of what was shown, and of what that was made of. */
  readonly credentialIds?: readonly string[];
  /** Why it is refused: the caller is told less. Absent: it is good, as far as is known. */
  readonly reason?: string;
}

/** Is told who is behind a credential, as soon as that is known. */
export type Tell = (who: Known) => void;

/** A token that was just signed. */
export interface SignedToken {
  readonly id: string;
  readonly text: string;
  readonly expiresAt: Date;
  readonly lifeSeconds: number;
}
