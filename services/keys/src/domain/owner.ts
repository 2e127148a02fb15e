/** Who owns a key: a user, or a team. */
export interface Owner {
  readonly kind: 'user' | 'team';
  readonly id: string;
}

/** Tells whether two owners are the same. */
export function sameOwner(one: Owner, other: Owner): boolean {
  return one.kind === other.kind && one.id === other.id;
}
