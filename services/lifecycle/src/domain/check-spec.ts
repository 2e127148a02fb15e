import type { Violation } from '@ramet/errors';
import type { CloneKind } from './clone.js';
import { keyOf, MAX_OVERRIDE_BYTES, overrideBytes } from './overrides.js';
import { faultOf, isMeasured } from './parameter-types.js';
import type { Override, ParameterSpec, Policy, Spec, Stage } from './spec.js';
import { isPlainText, repeated, sizeOf } from './text.js';

/** A spec is told with every change of its template, in one message of the bus. */
const MAX_SPEC_BYTES = 512 * 1024;

/**
 * Everything that is wrong with a spec, with paths as in the request, such as
 * `spec.stages[1].probe.http.port`.
 *
 * What one field alone has to be like stands in the contract.
 */
export function specViolations(kind: CloneKind, spec: Spec): readonly Violation[] {
  return [
    ...tooLarge(spec),
    ...repeats(spec.stages, 'stages'),
    ...spec.stages.flatMap((stage, index) => within(`stages[${index}]`, stageFaults(stage))),
    ...orderFaults(kind, spec.stages),
    ...repeats(spec.parameters, 'parameters'),
    ...spec.parameters.flatMap((parameter, index) => {
      return within(`parameters[${index}]`, parameterFaults(parameter));
    }),
    ...overrideFaults(spec.overrides),
    ...policyFaults(spec.policy),
  ].map((violation) => ({ ...violation, field: `spec${dotted(violation.field)}` }));
}

/** Tells whether clones of a kind run until something ends them. */
function runsOn(kind: CloneKind): boolean {
  return kind === 'ENVIRONMENT' || kind === 'INSTANCE';
}

function dotted(path: string): string {
  return path === '' ? '' : `.${path}`;
}

function within(place: string, violations: readonly Violation[]): readonly Violation[] {
  return violations.map((violation) => ({ ...violation, field: `${place}.${violation.field}` }));
}

function repeats(items: readonly { readonly name: string }[], field: string): readonly Violation[] {
  return repeated(items, ({ name }) => name).map((index) => {
    const description = `is there already: ${items[index]?.name}`;
    return { field: `${field}[${index}].name`, description };
  });
}

function tooLarge(spec: Spec): readonly Violation[] {
  const bytes = sizeOf(JSON.stringify(spec));
  if (bytes <= MAX_SPEC_BYTES) return [];
  return [{ field: '', description: `must be at most ${MAX_SPEC_BYTES} bytes, not ${bytes}` }];
}

function stageFaults(stage: Stage): readonly Violation[] {
  return [...repeats(stage.ports, 'ports'), ...probeFaults(stage), ...retryFaults(stage)];
}

function probeFaults({ work, probe, ports }: Stage): readonly Violation[] {
  if (work.kind === 'fetch_inputs') {
    const description = 'must be empty: a stage that fetches inputs runs no program';
    const parts = [...(probe ? ['probe'] : []), ...(ports.length > 0 ? ['ports'] : [])];
    return parts.map((field) => ({ field, description }));
  }
  const check = probe?.check;
  if (!check || check.kind === 'command') return [];
  if (ports.some(({ name }) => name === check.port)) return [];
  const description = `must name a port of the stage, which ${check.port} is not`;
  return [{ field: `probe.${check.kind}.port`, description }];
}

function retryFaults({ retry }: Stage): readonly Violation[] {
  if (!retry) return [];
  const { backoffMs, maxBackoffMs, on } = retry;
  const twice = repeated(on, (failure) => failure).map((index) => {
    return { field: `retry.on[${index}]`, description: `is there already: ${on[index]}` };
  });
  if (backoffMs === undefined || maxBackoffMs === undefined || backoffMs <= maxBackoffMs) {
    return twice;
  }
  return [...twice, { field: 'retry.max_backoff', description: 'must not be below `backoff`' }];
}

/** What is wrong with stages for where they stand. */
function orderFaults(kind: CloneKind, stages: readonly Stage[]): readonly Violation[] {
  return [...fetchFaults(stages), ...(runsOn(kind) ? lastFaults(kind, stages) : [])];
}

function fetchFaults(stages: readonly Stage[]): readonly Violation[] {
  const [first = stages.length, ...more] = stages.flatMap(({ work }, index) => {
    return work.kind === 'fetch_inputs' ? [index] : [];
  });
  const isLate = first < stages.length && stages.slice(0, first).some(({ always }) => !always);
  const field = (index: number): string => `stages[${index}].fetch_inputs`;
  return [
    ...(isLate
      ? [{ field: field(first), description: 'must come before all stages but `always` ones' }]
      : []),
    ...more.map((index) => ({ field: field(index), description: 'must be there once at most' })),
  ];
}

function lastFaults(kind: CloneKind, stages: readonly Stage[]): readonly Violation[] {
  const last = stages.at(-1);
  const description = `must not be set: the last stage of an ${kind} runs as long as the clone`;
  const parts = [
    ...(last?.always ? ['always'] : []),
    ...(last?.oncePerRelease ? ['once_per_release'] : []),
    ...(last?.work.kind === 'fetch_inputs' ? ['fetch_inputs'] : []),
  ];
  return parts.map((part) => ({ field: `stages[${stages.length - 1}].${part}`, description }));
}

function parameterFaults(spec: ParameterSpec): readonly Violation[] {
  return [...valuesFaults(spec), ...rangeFaults(spec), ...defaultFaults(spec)];
}

function valuesFaults({ type, values }: ParameterSpec): readonly Violation[] {
  if (type !== 'ENUMERATION') {
    if (values.length === 0) return [];
    return [{ field: 'values', description: `must be empty for a ${type}` }];
  }
  if (values.length === 0) return [{ field: 'values', description: 'must not be empty' }];
  return values.flatMap((value, index) => {
    const field = `values[${index}]`;
    if (!isPlainText(value)) return [{ field, description: 'must be text without NUL' }];
    if (values.indexOf(value) < index) return [{ field, description: 'is there already' }];
    return [];
  });
}

function rangeFaults(spec: ParameterSpec): readonly Violation[] {
  const { type, min, max } = spec;
  if (!isMeasured(spec)) {
    const parts = [...(min === undefined ? [] : ['min']), ...(max === undefined ? [] : ['max'])];
    return parts.map((field) => ({ field, description: `must be absent for a ${type}` }));
  }
  if (min === undefined || max === undefined || min <= max) return [];
  return [{ field: 'max', description: `must not be below \`min\`, which is ${min}` }];
}

function defaultFaults(spec: ParameterSpec): readonly Violation[] {
  const { defaultValue, required } = spec;
  if (defaultValue === undefined) return [];
  const fault = faultOf(spec, defaultValue);
  return [
    ...(fault === undefined ? [] : [{ field: 'default_value', description: fault }]),
    ...(required ? [{ field: 'required', description: 'must not be set with a default' }] : []),
  ];
}

function overrideFaults(overrides: readonly Override[]): readonly Violation[] {
  const bytes = overrideBytes(overrides);
  const tooMuch = {
    field: 'overrides',
    description: `must be ${MAX_OVERRIDE_BYTES} bytes at most`,
  };
  return [
    ...(bytes > MAX_OVERRIDE_BYTES ? [tooMuch] : []),
    ...repeated(overrides, keyOf).map((index) => {
      const description = `is there already: ${overrides[index]?.name}`;
      return { field: `overrides[${index}].name`, description };
    }),
    ...overrides.flatMap(({ value, digest }, index) => {
      const place = `overrides[${index}]`;
      if (digest !== '') return [{ field: `${place}.secret`, description: PUBLIC_ONLY }];
      if (isPlainText(value)) return [];
      return [{ field: `${place}.value`, description: 'must be text without NUL' }];
    }),
  ];
}

const PUBLIC_ONLY = 'must not be set: the overrides of a template are public';

function policyFaults({ expireAfterMs, extendUpToMs }: Policy): readonly Violation[] {
  if (extendUpToMs === undefined) return [];
  const field = 'policy.extend_up_to';
  if (expireAfterMs === undefined) {
    return [{ field, description: 'must be absent without `expire_after`' }];
  }
  if (extendUpToMs >= expireAfterMs) return [];
  return [{ field, description: 'must not be below `expire_after`' }];
}
