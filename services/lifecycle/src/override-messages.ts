import {
  type OverrideChange as ChangeMessage,
  type Input as InputMessage,
  OverrideLayer,
  type Override as OverrideMessage,
  OverrideScope,
} from '@ramet/proto-gen/lifecycle.v1';
import { type AskedInput, INPUT_BYTES } from './domain/inputs.js';
import type { AskedChange } from './domain/overrides.js';
import type { Input, Override, OverrideScope as Scope } from './domain/spec.js';

const SCOPE = {
  APP: OverrideScope.APP,
  ENVIRONMENT: OverrideScope.ENVIRONMENT,
} as const satisfies Record<Scope, OverrideScope>;

const LAYER = {
  TEMPLATE: OverrideLayer.TEMPLATE,
  OWNER: OverrideLayer.OWNER,
  CLONE: OverrideLayer.CLONE,
} as const satisfies Record<Override['layer'], OverrideLayer>;

const LAYERS = Object.keys(LAYER) as readonly Override['layer'][];

/** The digest of a secret that a request cannot have: it only says that it is one. */
const UNSEALED = 'unsealed';

/** An override, as the API shows it. */
export function toOverrideMessage({
  name,
  scope,
  layer,
  value,
  digest,
}: Override): OverrideMessage {
  return { name, scope: SCOPE[scope], value, secret: digest !== '', layer: LAYER[layer], digest };
}

/** The override that a message is. */
export function fromOverrideMessage(message: OverrideMessage): Override {
  const { name, value, secret, digest } = message;
  return {
    name,
    scope: fromScope(message.scope),
    layer: LAYERS.find((layer) => LAYER[layer] === message.layer) ?? 'TEMPLATE',
    value,
    digest: secret ? digest || UNSEALED : '',
  };
}

/** A change of a layer that a request asks for. */
export function fromChangeMessage({ name, scope: named, change }: ChangeMessage): AskedChange {
  const scope = fromScope(named);
  switch (change?.$case) {
    case 'value':
      return { name, scope, kind: 'set', value: change.value };
    case 'secretValue':
      return { name, scope, kind: 'secret', value: change.value };
    case 'unset':
      return { name, scope, kind: 'unset' };
    case undefined:
      throw new Error('a change of an override says nothing, which the contract does not allow');
  }
}

function fromScope(message: OverrideScope): Scope {
  return message === OverrideScope.ENVIRONMENT ? 'ENVIRONMENT' : 'APP';
}

/** An input, as the API shows it: of an address, what may be shown. */
export function toInputMessage({ name, source, sha256, maxBytes }: Input): InputMessage {
  return {
    name,
    source:
      source.kind === 'url'
        ? { $case: 'url', value: source.url }
        : { $case: 'result', value: { cloneId: source.cloneId, name: source.name } },
    sha256: Buffer.from(sha256, 'hex'),
    maxBytes: BigInt(maxBytes),
  };
}

/** The input that a request asks for. */
export function fromInputMessage({ name, source, sha256, maxBytes }: InputMessage): AskedInput {
  return {
    name,
    source: fromInputSource(source),
    sha256: sha256.toString('hex'),
    maxBytes: Number(maxBytes) || INPUT_BYTES,
  };
}

function fromInputSource(source: InputMessage['source']): AskedInput['source'] {
  switch (source?.$case) {
    case 'url':
      return { kind: 'url', url: source.value };
    case 'result':
      return { kind: 'result', cloneId: source.value.cloneId, name: source.value.name };
    case undefined:
      throw new Error('an input has no source, which the contract does not allow');
  }
}
