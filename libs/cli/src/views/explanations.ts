import { type Cause, DiffCloneResponse, ExplainCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { View } from '../output.js';
import type { Field } from '../print/fields.js';
import { shape } from '../print/json.js';
import { moment } from '../print/values.js';
import { visible } from '../print/width.js';
import { phaseOf } from './clones.js';

/** How it is shown why a clone is as it is: each cause under what it has caused. */
export function explanationView(): View<ExplainCloneResponse> {
  return {
    shape: shape('lifecycle.v1.ExplainCloneResponse', ExplainCloneResponse),
    fields: ({ clone, cause }) => [
      ['id', clone?.id ?? ''],
      ['name', clone?.name ?? ''],
      ['phase', phaseOf(clone)],
      ...(cause ? causeFields(cause, '') : []),
    ],
    columns: [],
  };
}

function causeFields(cause: Cause, indent: string): readonly Field[] {
  const { code, subject, message, sinceTime, unblockedBy, untilTime, causes } = cause;
  const details = [
    sinceTime ? `since ${moment(sinceTime)}` : '',
    untilTime ? `until ${moment(untilTime)} at the latest` : '',
    unblockedBy ? `what would end it: ${unblockedBy}` : '',
  ];
  const about = [message, subject && `(${subject})`].filter(Boolean).join(' ');
  return [
    [visible(`${indent}${code}`), [about, ...details].filter(Boolean).join('; ') || 'yes'],
    ...causes.flatMap((each) => causeFields(each, `${indent}  `)),
  ];
}

/** How it is shown what differs between two moments. */
export function diffView(): View<DiffCloneResponse> {
  return {
    shape: shape('lifecycle.v1.DiffCloneResponse', DiffCloneResponse),
    fields: ({ diffs, seqA, seqB }) => [
      ['seq', `${seqA} -> ${seqB}`],
      ...diffs.map(({ path, a, b }): Field => {
        return [visible(path), `${a || 'absent'} -> ${b || 'absent'}`];
      }),
    ],
    columns: [],
  };
}
