import { below, oneOf, type Random } from '@ramet/test/random';
import {
  FAILURES,
  type Limits,
  OVERRIDE_SCOPES,
  type Override,
  PARAMETER_TYPES,
  type ParameterSpec,
  type Policy,
  type Probe,
  type Source,
  type Spec,
  type Stage,
} from '../domain/spec.js';

const TEXTS = [
  '',
  'plain',
  'a=b=c',
  'two\nlines\r\n',
  '"quoted" \'twice\'',
  '\u{1f600}é\u2028',
  ' ',
];

/** Any text that a value may be. */
function textOf(random: Random): string {
  return manyOf(random, 3, () => oneOf(random, TEXTS)).join('');
}

/** A spec that the contract lets through, whether or not it holds together. */
export function specOf(random: Random): Spec {
  return {
    stages: [stageOf(random), ...manyOf(random, 3, () => stageOf(random))],
    parameters: manyOf(random, 4, () => parameterOf(random)),
    openParameters: isSo(random),
    limits: limitsOf(random),
    overrides: manyOf(random, 4, () => overrideOf(random)),
    policy: policyOf(random),
  };
}

function isSo(random: Random): boolean {
  return random() < 0.5;
}

function manyOf<Item>(random: Random, most: number, make: () => Item): readonly Item[] {
  return Array.from({ length: below(random, most + 1) }, make);
}

function nameOf(random: Random): string {
  return oneOf(random, ['main', 'fetch', 'publish', 'http', 'log-level', 'a1']);
}

function maybe<Key extends string, Value>(
  random: Random,
  key: Key,
  make: () => Value,
): { readonly [Name in Key]?: Value } {
  return isSo(random) ? ({ [key]: make() } as { readonly [Name in Key]?: Value }) : {};
}

function ms(random: Random): number {
  return 1_000 + below(random, 86_400_000);
}

function stageOf(random: Random): Stage {
  return {
    name: nameOf(random),
    work: oneOf<Stage['work']>(random, [
      { kind: 'bot' },
      { kind: 'fetch_inputs' },
      { kind: 'source', source: sourceOf(random) },
    ]),
    always: isSo(random),
    oncePerRelease: isSo(random),
    limits: limitsOf(random),
    ...maybe(random, 'retry', () => ({
      maxExecutions: 1 + below(random, 100),
      on: manyOf(random, 3, () => oneOf(random, FAILURES)),
      ...maybe(random, 'backoffMs', () => ms(random)),
      ...maybe(random, 'maxBackoffMs', () => ms(random)),
    })),
    ...maybe(random, 'probe', () => probeOf(random)),
    ports: manyOf(random, 3, () => ({
      name: nameOf(random),
      label: oneOf(random, ['the shop', 'x']),
      scheme: oneOf(random, ['http', 'https', 'tcp']),
    })),
  };
}

function sourceOf(random: Random): Source {
  const command = ['node', ...manyOf(random, 2, () => textOf(random) || 'x')];
  const tag = oneOf(random, ['', 'v2']);
  return oneOf<Source>(random, [
    { kind: 'process', bundle: 'trader', command, tag, revision: 0 },
    { kind: 'image', repository: 'ghcr.io/acme/bot', tag, digest: '', command, revision: 0 },
    {
      kind: 'image',
      repository: 'acme',
      tag,
      digest: `sha256:${'0'.repeat(64)}`,
      command: [],
      revision: 0,
    },
  ]);
}

function probeOf(random: Random): Probe {
  return {
    check: oneOf<Probe['check']>(random, [
      { kind: 'http', port: nameOf(random), path: '/health' },
      { kind: 'tcp', port: nameOf(random) },
      { kind: 'command', command: ['true', textOf(random)] },
    ]),
    ...maybe(random, 'periodMs', () => ms(random)),
    ...maybe(random, 'timeoutMs', () => ms(random)),
    ...maybe(random, 'failures', () => 1 + below(random, 100)),
  };
}

function limitsOf(random: Random): Limits {
  return {
    ...maybe(random, 'runTimeMs', () => ms(random)),
    ...maybe(random, 'memoryBytes', () => 16_777_216 + below(random, 2 ** 40)),
    ...maybe(random, 'graceMs', () => below(random, 600_000)),
    ...maybe(random, 'cpuMillis', () => 1 + below(random, 1_000_000)),
    ...maybe(random, 'storageBytes', () => 1 + below(random, 2 ** 46)),
  };
}

function parameterOf(random: Random): ParameterSpec {
  return {
    name: nameOf(random),
    type: oneOf(random, PARAMETER_TYPES),
    description: textOf(random),
    required: isSo(random),
    ...maybe(random, 'defaultValue', () => textOf(random)),
    values: manyOf(random, 3, () => textOf(random)),
    ...maybe(random, 'min', () => random() * 100),
    ...maybe(random, 'max', () => random() * 100),
  };
}

function overrideOf(random: Random): Override {
  const named = { name: nameOf(random), scope: oneOf(random, OVERRIDE_SCOPES) };
  const isSecret = isSo(random);
  const content = isSecret ? { value: '', digest: 'd1' } : { value: textOf(random), digest: '' };
  return { ...named, layer: 'TEMPLATE', ...content };
}

function policyOf(random: Random): Policy {
  return {
    ...maybe(random, 'expireAfterMs', () => ms(random)),
    ...maybe(random, 'expiryGraceMs', () => ms(random)),
    ...maybe(random, 'extendUpToMs', () => ms(random)),
    ...maybe(random, 'idleAfterMs', () => ms(random)),
    ...maybe(random, 'resultRetentionMs', () => ms(random)),
    ...maybe(random, 'archiveRetentionMs', () => ms(random)),
    ...maybe(random, 'startWithinMs', () => ms(random)),
  };
}
