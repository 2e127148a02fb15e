import { invalid } from '@ramet/errors';
import type { Owner as OwnerMessage } from '@ramet/proto-gen/teams.v1';
import type { Owner } from '../domain/clone.js';
import { fromOwnerMessage } from '../messages.js';

/** The owner that a request has to name. Throws REQUEST_INVALID if it names none. */
export function requiredOwner(message: OwnerMessage | undefined): Owner {
  const owner = fromOwnerMessage(message);
  if (!owner) throw invalid({ field: 'owner', description: 'is required' });
  return owner;
}
