import { visible, widthOf } from './width.js';

/** A label and what stands beside it. An empty text leaves the line out. */
export type Field = readonly [label: string, text: string];

/** Lays labelled texts out, one line each, the texts below one another. */
export function layFields(fields: readonly Field[]): string {
  const shown = fields.filter(([, text]) => text !== '');
  const width = Math.max(0, ...shown.map(([label]) => widthOf(label)));
  return shown
    .map(([label, text]) => `${label}:${' '.repeat(width - widthOf(label))}  ${visible(text)}\n`)
    .join('');
}
