import { UsageError } from '../usage-error.js';
import { parsePair } from './pairs.js';
import { parseSize } from './size.js';

/** Something that a workload is to read, as people write it. */
export interface InputText {
  readonly name: string;
  /** An address, or a result of a clone, which may be given by its name. */
  readonly from: { readonly url: string } | { readonly clone: string; readonly result: string };
  /** Empty: whatever comes. */
  readonly sha256: Buffer;
  /** Zero: the mesh's own limit. */
  readonly maxBytes: bigint;
}

const OPTION = /,(sha256|max)=([^,]*)$/;
const SHA256 = /^[0-9a-f]{64}$/i;
const HOW =
  'write it like NAME=https://... or NAME=result:CLONE/RESULT, and ,sha256=HEX or ,max=SIZE after it';

/**
 * Reads `NAME=URL` or `NAME=result:CLONE/RESULT`, with `,sha256=HEX` and `,max=SIZE` after it.
 *
 * An address that holds such an option itself has its comma written as `%2C`.
 */
export function parseInput(text: string): InputText {
  const { name, value } = parsePair(text);
  const { source, options } = splitOptions(value);
  return {
    name,
    from: fromOf(source),
    sha256: sha256Of(options.get('sha256')),
    maxBytes: maxOf(options.get('max')),
  };
}

function splitOptions(value: string): {
  readonly source: string;
  readonly options: ReadonlyMap<string, string>;
} {
  const options = new Map<string, string>();
  let source = value;
  for (;;) {
    const [all, option, text = ''] = OPTION.exec(source) ?? [];
    if (all === undefined || option === undefined) return { source, options };
    if (options.has(option)) throw new UsageError(`'${option}' of an input is given twice`);
    options.set(option, text);
    source = source.slice(0, -all.length);
  }
}

function fromOf(source: string): InputText['from'] {
  if (/^https?:\/\/./.test(source)) return { url: source };
  const [, clone = '', result = ''] = /^result:([^/]*)\/(.*)$/.exec(source) ?? [];
  if (clone !== '' && result !== '') return { clone, result };
  // What is wrong is not repeated: an address may hold a secret.
  throw new UsageError(`not an input (${HOW})`);
}

function sha256Of(hex: string | undefined): Buffer {
  if (hex === undefined) return Buffer.alloc(0);
  if (!SHA256.test(hex)) throw new UsageError(`not a sha256 of 64 hexadecimal digits: '${hex}'`);
  return Buffer.from(hex, 'hex');
}

function maxOf(size: string | undefined): bigint {
  if (size === undefined) return 0n;
  const bytes = parseSize(size);
  if (bytes === 0n) throw new UsageError('the max of an input is more than nothing');
  return bytes;
}
