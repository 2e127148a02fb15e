import { requestIdReused } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import type { Clone } from '../domain/clone.js';

type Named = Pick<Clone, 'owner' | 'name' | 'externalRef'>;

/** The error for a write that the database has refused, as it says why. */
export function refusal(
  clone: Named,
  verdict: string,
  request?: { readonly requestId: string },
): Error {
  const [reason, resource = 'clones'] = verdict.split(' ');
  switch (reason) {
    case 'REQUEST_ID_REUSED':
      return requestIdReused(request?.requestId ?? '');
    case 'NAME_TAKEN':
      return nameTaken(clone);
    case 'EXTERNAL_REF_TAKEN':
      return externalRefTaken(clone);
    case 'OWNER_DENIED':
      return ownerDenied(clone.owner.id);
    case 'QUOTA_EXCEEDED':
      return quotaExceeded(clone.owner.id, resource);
    default:
      return new Error(`the database answered ${verdict}`);
  }
}

/** The error for an owner who has a clone for the same thing. */
export function externalRefTaken({ owner, externalRef }: Named): PublicError {
  const message = `the owner has a clone for ${externalRef} that is not at rest`;
  return new PublicError('already_exists', 'EXTERNAL_REF_TAKEN', message, {
    metadata: { external_ref: externalRef, owner_id: owner.id },
    resource: { kind: 'clone', id: externalRef },
  });
}

function ownerDenied(ownerId: string): PublicError {
  const message = `nothing is admitted for this owner: ${ownerId}`;
  return new PublicError('permission_denied', 'OWNER_DENIED', message, {
    metadata: { owner_id: ownerId },
  });
}

/** The error for an owner who has a clone of the same name. */
export function nameTaken({ owner, name }: Named): PublicError {
  return new PublicError('already_exists', 'NAME_TAKEN', `the owner has a clone named ${name}`, {
    metadata: { name, owner_id: owner.id },
    resource: { kind: 'clone', id: name },
  });
}

/** The error for an owner who has as much of a resource as they may. */
export function quotaExceeded(ownerId: string, resource: string): PublicError {
  const description = `the owner's quota has no room for this: ${resource}`;
  return new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', description, {
    metadata: { owner_id: ownerId, resource },
    quotas: [{ subject: `owner/${ownerId}`, description }],
  });
}
