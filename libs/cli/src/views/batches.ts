import { CloneResult } from '@ramet/proto-gen/lifecycle.v1';
import type { View } from '../output.js';
import { shape } from '../print/json.js';
import type { Paint } from '../print/paint.js';
import { phaseOf } from './clones.js';

/** How it is shown what has become of each of many clones. */
export function cloneResultView(paint: Paint): View<CloneResult> {
  return {
    shape: shape('lifecycle.v1.CloneResult', CloneResult),
    fields: () => [],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ clone }) => clone?.name ?? '' },
      { title: 'PHASE', value: ({ clone }) => phaseOf(clone), paint: paint.state },
      { title: 'ERROR', value: ({ error }) => error?.reason ?? '' },
      { title: 'MESSAGE', value: ({ error }) => error?.message ?? '', flexible: true },
    ],
  };
}
