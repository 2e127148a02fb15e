import { PublicError } from '@ramet/errors';

/** The error for one more of what somebody, such as `team/<id>`, has as many of as they may. */
export function exhausted(subject: string, description: string): PublicError {
  return new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', description, {
    metadata: { subject },
    quotas: [{ subject, description }],
  });
}
