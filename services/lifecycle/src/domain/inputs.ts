import type { Violation } from '@ramet/errors';
import { isUrl } from './parameter-types.js';
import type { Input, Spec } from './spec.js';
import { isPlainText, repeated } from './text.js';

/** How large an input may be that does not say. */
export const INPUT_BYTES = 1024 ** 3;

/** What is asked of an input, before its address is sealed. */
export interface AskedInput {
  readonly name: string;
  readonly source:
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'result'; readonly cloneId: string; readonly name: string };
  readonly sha256: string;
  readonly maxBytes: number;
}

/** What may be shown of an address: what stands before `?` or `#`. */
export function shownUrl(url: string): string {
  return /^[^?#]*/.exec(url)?.[0] ?? '';
}

/** Everything that is wrong with the inputs that a clone of a spec asks for. */
export function inputViolations(inputs: readonly AskedInput[], spec: Spec): readonly Violation[] {
  const canFetch = spec.stages.some(({ work }) => work.kind === 'fetch_inputs');
  const description = 'must be empty: no stage of the template fetches inputs';
  return [
    ...(inputs.length > 0 && !canFetch ? [{ field: 'inputs', description }] : []),
    ...repeated(inputs, ({ name }) => name).map((index) => {
      const text = `is there already: ${inputs[index]?.name}`;
      return { field: `inputs[${index}].name`, description: text };
    }),
    ...inputs.flatMap(({ source }, index) => {
      const fault = sourceFault(source);
      return fault ? [{ ...fault, field: `inputs[${index}].${fault.field}` }] : [];
    }),
  ];
}

function sourceFault(source: AskedInput['source']): Violation | undefined {
  if (source.kind === 'url') {
    if (isUrl(source.url)) return undefined;
    const description = 'must be an http or https address without credentials';
    return { field: 'url', description };
  }
  if (isPlainText(source.name)) return undefined;
  return { field: 'result.name', description: 'must be text without NUL' };
}

/** An input as it is kept: its whole address lies sealed under the digest. */
export function keptInput(asked: AskedInput, digest: string): Input {
  const { source } = asked;
  if (source.kind === 'result') return { ...asked, source };
  return { ...asked, source: { kind: 'url', url: shownUrl(source.url), digest } };
}
