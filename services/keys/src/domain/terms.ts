import { PublicError } from '@ramet/errors';

/** The version of the terms that venues ask to be accepted, by the name of the venue. */
export type VenueTerms = ReadonlyMap<string, string>;

/** Throws TERMS_NOT_ACCEPTED unless what was accepted is what the venue asks for, if it does. */
export function requireTerms(venue: string, accepted: string, terms: VenueTerms): void {
  const asked = terms.get(venue);
  if (asked === undefined || asked === accepted) return;
  const message = `the terms of ${venue} must be accepted, in version ${asked}`;
  throw new PublicError('failed_precondition', 'TERMS_NOT_ACCEPTED', message, {
    metadata: { venue, version: asked },
    preconditions: [
      { type: 'TERMS_NOT_ACCEPTED', subject: `venue/${venue}`, description: message },
    ],
  });
}
