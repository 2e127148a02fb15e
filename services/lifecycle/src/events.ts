import { CloneChanged } from '@ramet/proto-gen/lifecycle.v1';
import type { Clone } from './domain/clone.js';
import { toCloneMessage, toSourceMessage } from './messages.js';

/** A clone was accepted or has changed. Carries all of it, so that nobody has to call back. */
export function cloneChanged(clone: Clone): Buffer {
  const message = CloneChanged.encode({
    clone: toCloneMessage(clone),
    source: toSourceMessage(clone.source),
    maxSignatures: clone.maxSignatures,
  });
  return Buffer.from(message.finish());
}
