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
 * Decides which key signs: the first of the file that was published for long enough, or as long as
 * the one that has signed.
 *
 * If there is none, that goes on. Who has none takes the one that was published first.
 */
export function signingKey({ inFile, current, ages }: Signing): string | undefined {
  const ageOf = (id: string): number => ages.get(id) ?? 0;
  const enough = current === undefined ? LEAD_MS : Math.min(LEAD_MS, ageOf(current));
  const first = inFile.find((id) => ageOf(id) >= enough);
  const oldest = Math.max(...inFile.map(ageOf));
  return first ?? current ?? inFile.find((id) => ageOf(id) === oldest);
}
