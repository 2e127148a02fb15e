import { OwnerOverridesChanged, TemplateChanged } from '@ramet/proto-gen/lifecycle.v1';
import type { OwnerLayer } from './domain/owner-layer.js';
import type { Template } from './domain/template.js';
import { toOwnerMessage } from './messages.js';
import { toOverrideMessage } from './override-messages.js';
import { toTemplateMessage } from './template-messages.js';

/** A template was made, changed or deleted. Carries all of it. */
export function templateChanged(template: Template): Buffer {
  return Buffer.from(TemplateChanged.encode({ template: toTemplateMessage(template) }).finish());
}

/** The layer of an owner has changed. Carries all of it but what is secret. */
export function ownerOverridesChanged({ owner, overrides, seq }: OwnerLayer): Buffer {
  const message = OwnerOverridesChanged.encode({
    owner: toOwnerMessage(owner),
    overrides: overrides.map(toOverrideMessage),
    seq,
  });
  return Buffer.from(message.finish());
}
