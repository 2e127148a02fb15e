import { PublicError } from '@ramet/errors';

/** The error for a credential that proves nothing. Why it does not is not told. */
export function credentialInvalid(): PublicError {
  return new PublicError('unauthenticated', 'CREDENTIAL_INVALID', 'the credential is not valid');
}
