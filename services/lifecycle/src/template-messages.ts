import type { Template as TemplateMessage } from '@ramet/proto-gen/lifecycle.v1';
import { etagOf, type Template } from './domain/template.js';
import { toOwnerMessage } from './messages.js';
import { toKindMessage, toSpecMessage } from './spec-messages.js';

/** A template, as the API shows it. */
export function toTemplateMessage(template: Template): TemplateMessage {
  return {
    id: template.id,
    owner: toOwnerMessage(template.owner),
    name: template.name,
    kind: toKindMessage(template.kind),
    description: template.description,
    shared: template.shared,
    revision: template.revision,
    spec: toSpecMessage(template.spec),
    labels: { ...template.labels },
    createTime: template.createdAt,
    updateTime: template.updatedAt,
    deleteTime: template.deletedAt,
    etag: etagOf(template),
  };
}
