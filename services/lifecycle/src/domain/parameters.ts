import { invalid, type Violation } from '@ramet/errors';
import { faultOf } from './parameter-types.js';
import type { Parameter, ParameterSpec, Spec } from './spec.js';
import { isPlainText, repeated, sizeOf } from './text.js';

/** What a template says of parameters. */
export type ParameterRules = Pick<Spec, 'parameters' | 'openParameters'>;

/** Parameters as a request gives them. */
export interface GivenParameters {
  readonly parameters: readonly Parameter[];
  /** Where the one at a place stands in the request. Absent: `parameters[2]`. */
  readonly at?: (index: number) => string;
}

const MAX_BYTES = 512 * 1024;

/**
 * What a workload is told: what is given, then the defaults of what is not.
 *
 * Throws REQUEST_INVALID with everything that is wrong with them together.
 */
export function resolveParameters(
  rules: ParameterRules,
  given: GivenParameters,
): readonly Parameter[] {
  const violations = parameterViolations(rules, given);
  if (violations.length > 0) throw invalid(...violations);
  return withDefaults(rules.parameters, given.parameters);
}

/** Everything that is wrong with the parameters of a clone, together. */
export function parameterViolations(
  rules: ParameterRules,
  given: GivenParameters,
): readonly Violation[] {
  const at = given.at ?? ((index) => `parameters[${index}]`);
  return [
    ...duplicates(given.parameters, at),
    ...given.parameters.flatMap((parameter, index) => {
      return valueViolations(rules, parameter, at(index));
    }),
    ...missing(rules.parameters, given.parameters),
    ...tooLarge(withDefaults(rules.parameters, given.parameters)),
  ];
}

/** What is given, then the defaults of what is not. */
export function withDefaults(
  specs: readonly ParameterSpec[],
  given: readonly Parameter[],
): readonly Parameter[] {
  const names = new Set(given.map(({ name }) => name));
  const defaults = specs.flatMap(({ name, defaultValue }) => {
    return defaultValue === undefined || names.has(name) ? [] : [{ name, value: defaultValue }];
  });
  return [...given, ...defaults];
}

/** What was given of the parameters of a release: those that are not as their defaults are. */
export function givenOf(
  specs: readonly ParameterSpec[],
  parameters: readonly Parameter[],
): readonly Parameter[] {
  const defaults = new Map(specs.map(({ name, defaultValue }) => [name, defaultValue]));
  return parameters.filter(({ name, value }) => defaults.get(name) !== value);
}

interface ParameterChanges {
  readonly set: readonly Parameter[];
  readonly unset: readonly string[];
}

/**
 * What is given after a change, and where each stands in the request: what was there before has no
 * place of its own in it. To take out what is not there changes nothing.
 *
 * Throws REQUEST_INVALID for a name that is both set and taken out.
 */
export function changeParameters(
  before: readonly Parameter[],
  { set, unset }: ParameterChanges,
): Required<GivenParameters> {
  const out = new Set(unset);
  const violations = set.flatMap(({ name }, index) => {
    const description = `is taken out in the same request: ${name}`;
    return out.has(name) ? [{ field: `set_parameters[${index}].name`, description }] : [];
  });
  if (violations.length > 0) throw invalid(...violations);

  const changed = new Set([...set.map(({ name }) => name), ...unset]);
  const kept = before.filter(({ name }) => !changed.has(name));
  return {
    parameters: [...set, ...kept],
    at: (index) => (index < set.length ? `set_parameters[${index}]` : 'parameters'),
  };
}

type At = (index: number) => string;

function duplicates(given: readonly Parameter[], at: At): readonly Violation[] {
  return repeated(given, ({ name }) => name).map((index) => {
    return { field: `${at(index)}.name`, description: `is there already: ${given[index]?.name}` };
  });
}

function valueViolations(
  { parameters: specs, openParameters }: ParameterRules,
  { name, value }: Parameter,
  place: string,
): readonly Violation[] {
  const spec = specs.find((known) => known.name === name);
  if (!spec && !openParameters) {
    return [{ field: `${place}.name`, description: `is no parameter of the template: ${name}` }];
  }
  const fault = spec ? faultOf(spec, value) : textFault(value);
  return fault === undefined
    ? []
    : [{ field: `${place}.value`, description: `${fault} (${name})` }];
}

function textFault(value: string): string | undefined {
  return isPlainText(value) ? undefined : 'must be text without NUL';
}

function missing(
  specs: readonly ParameterSpec[],
  given: readonly Parameter[],
): readonly Violation[] {
  const names = new Set(given.map(({ name }) => name));
  return specs
    .filter(({ name, required }) => required && !names.has(name))
    .map(({ name }) => ({ field: 'parameters', description: `must have ${name}` }));
}

function tooLarge(parameters: readonly Parameter[]): readonly Violation[] {
  const bytes = parameters.reduce((sum, { name, value }) => sum + sizeOf(name) + sizeOf(value), 0);
  if (bytes <= MAX_BYTES) return [];
  const description = `must be at most ${MAX_BYTES} bytes together, not ${bytes}`;
  return [{ field: 'parameters', description }];
}
