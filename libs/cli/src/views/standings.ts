import { type Access, EntitledKind, Standing } from '@ramet/proto-gen/teams.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf, spelled } from '../parse/choice.js';
import type { Field } from '../print/fields.js';
import { shape } from '../print/json.js';
import { age, moment, ownerId } from '../print/values.js';

/** How it is shown where owners stand. */
export function standingView(clock: Clock): View<Standing> {
  return {
    shape: shape('teams.v1.Standing', Standing),
    fields: (standing) => [
      ['owner', ownerId(standing.owner)],
      ['denied', standing.denial ? 'yes' : 'no'],
      ...entry('denied', standing.denial),
      ['entitled to', kinds(standing.access) || 'nothing'],
      ...entry('access', standing.access),
      ...lastChange(standing),
    ],
    columns: [
      { title: 'OWNER', value: ({ owner }) => ownerId(owner) },
      { title: 'DENIED', value: ({ denial }) => age(denial?.time, clock) },
      { title: 'ENTITLED TO', value: ({ access }) => kinds(access) },
      { title: 'CHANGED', value: ({ updateTime }) => age(updateTime, clock) },
      { title: 'REASON', value: ({ reason }) => reason, flexible: true },
    ],
  };
}

function entry(list: string, it: Standing['denial']): readonly Field[] {
  if (!it) return [];
  return [
    [`${list} because`, it.reason],
    [`${list} since`, moment(it.time)],
    [`${list} by`, it.actor],
  ];
}

/** Who was taken off a list is on none: the last change tells why. */
function lastChange({ reason, actor, updateTime }: Standing): readonly Field[] {
  return [
    ['changed', moment(updateTime)],
    ['changed by', actor],
    ['changed because', reason],
  ];
}

function kinds(access: Access | undefined): string {
  return (access?.kinds ?? []).map((kind) => spelled(nameOf(EntitledKind, kind))).join(', ');
}
