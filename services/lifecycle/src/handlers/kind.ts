import { invalid } from '@ramet/errors';
import type { CloneKind as KindMessage } from '@ramet/proto-gen/lifecycle.v1';
import type { CloneKind } from '../domain/clone.js';
import { fromKindMessage } from '../spec-messages.js';

/** The kind that a request has to name. Throws REQUEST_INVALID if it names none. */
export function requiredKind(message: KindMessage): CloneKind {
  const kind = fromKindMessage(message);
  if (!kind) throw invalid({ field: 'kind', description: 'is required' });
  return kind;
}
