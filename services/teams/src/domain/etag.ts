import { PublicError } from '@ramet/errors';

/** A thing whose changes are counted. */
interface Revised {
  readonly id: string;
  readonly revision: number;
}

/** What changes with every change of a thing. */
export function etagOf({ revision }: Pick<Revised, 'revision'>): string {
  return `r${revision}`;
}

/** Throws ETAG_STALE unless the etag is empty or that of the thing as it is. */
export function requireEtag(thing: Revised, etag: string): void {
  if (etag === '' || etag === etagOf(thing)) return;
  throw new PublicError('aborted', 'ETAG_STALE', `${thing.id} has changed: read it again`, {
    metadata: { id: thing.id, etag: etagOf(thing) },
  });
}
