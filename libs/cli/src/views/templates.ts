import {
  CloneKind,
  Override,
  OverrideLayer,
  OverrideScope,
  type Stage,
  Template,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf, spelled } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, labels, moment, ownerId } from '../print/values.js';

/** How templates are shown. */
export function templateView(clock: Clock): View<Template> {
  const kind = (template: Template): string => spelled(nameOf(CloneKind, template.kind));
  const stages = ({ spec }: Template): string => (spec?.stages ?? []).map(stage).join(', ');
  const parameters = ({ spec }: Template): string => {
    const names = (spec?.parameters ?? []).map(({ name, required }) => {
      return required ? `${name} (required)` : name;
    });
    return [...names, ...(spec?.openParameters ? ['any other'] : [])].join(', ');
  };
  return {
    shape: shape('lifecycle.v1.Template', Template),
    fields: (template) => [
      ['id', template.id],
      ['name', template.name],
      ['owner', ownerId(template.owner)],
      ['kind', kind(template)],
      ['description', template.description],
      ['revision', `${template.revision}`],
      ['stages', stages(template)],
      ['parameters', parameters(template)],
      ['shared', template.shared ? 'with everybody' : 'no'],
      ['labels', labels(template.labels)],
      ['created', moment(template.createTime)],
      ['changed', moment(template.updateTime)],
      ['deleted', moment(template.deleteTime)],
      ['etag', template.etag],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'KIND', value: kind },
      { title: 'REVISION', value: ({ revision }) => `${revision}`, right: true },
      { title: 'OWNER', value: ({ owner }) => ownerId(owner) },
      { title: 'SHARED', value: ({ shared }) => (shared ? 'yes' : '') },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'DESCRIPTION', value: ({ description }) => description, flexible: true },
    ],
  };
}

function stage({ name, work, always }: Stage): string {
  const what = work?.$case === 'fetchInputs' ? ' (fetches inputs)' : '';
  return `${name}${what}${always ? ' (always)' : ''}`;
}

/** How overrides are shown: of secret ones there is nothing to show. */
export function overrideView(): View<Override> {
  const scope = (override: Override): string => spelled(nameOf(OverrideScope, override.scope));
  const layer = (override: Override): string => spelled(nameOf(OverrideLayer, override.layer));
  const value = (override: Override): string => (override.secret ? '(secret)' : override.value);
  return {
    shape: shape('lifecycle.v1.Override', Override),
    fields: (override) => [
      ['name', override.name],
      ['scope', scope(override)],
      ['value', value(override)],
      ['layer', layer(override)],
      ['digest', override.digest],
    ],
    columns: [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'SCOPE', value: scope },
      { title: 'LAYER', value: layer },
      { title: 'VALUE', value, flexible: true },
    ],
  };
}
