/** For how long a key is published before it signs: services read the keys within a minute. */
export const LEAD_MS = 90_000;

/** What a replica knows of the keys that it may sign with. */
export interface Signing {
  /** The keys of its file, in their order: the first is to sign. */
  readonly inFile: readonly string[];
  /** The key that it has signed with. Undefined: it has just started. */
  readonly current?: string | undefined;
  /** For how long each key has been published, in milliseconds. */
  readonly ages: ReadonlyMap<string, number>;
}

/**
 * Decides which key signs: the first of the file that was published for long enough. In a mesh that
 * is new, where none was, it is the first of those published the longest.
 *
 * If there is none, the one goes on that has signed, for as long as it is in the file: one that was
 * taken out may be stolen. Then it is the one of the file that was published first.
 */
export function signingKey({ inFile, current, ages }: Signing): string | undefined {
  const ageOf = (id: string): number => ages.get(id) ?? 0;
  const oldest = Math.max(...inFile.map(ageOf));
  const enough = Math.min(LEAD_MS, Math.max(oldest, ...ages.values()));
  const first = inFile.find((id) => ageOf(id) >= enough);
  const before = inFile.find((id) => id === current);
  return first ?? before ?? inFile.find((id) => ageOf(id) === oldest);
}
