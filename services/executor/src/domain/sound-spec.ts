import { invalid, type Violation } from '@ramet/errors';
import type { WorkloadSetup } from './setup.js';
import type { WorkloadSpec } from './workload.js';

/** Throws unless the parts of what is to run fit together. Tells everything that does not. */
export function assertSound({ source, setup }: Pick<WorkloadSpec, 'source' | 'setup'>): void {
  const violations = [
    ...(source || setup.fetchInputs ? [] : [field('source', 'is required, or fetch_inputs')]),
    ...(source && setup.fetchInputs ? [field('fetch_inputs', 'has no source')] : []),
    ...repeated('inputs', setup.inputs),
    ...repeated('ports', setup.ports),
    ...repeated(
      'overrides',
      setup.overrides.map(({ name, scope }) => ({ name: `${scope}/${name}` })),
    ),
    ...strayProbe(setup),
  ];
  if (violations.length > 0) throw invalid(...violations);
}

function repeated(what: string, named: readonly { readonly name: string }[]): readonly Violation[] {
  return named.flatMap(({ name }, index) =>
    named.findIndex((other) => other.name === name) === index
      ? []
      : [field(`${what}[${index}].name`, 'is there twice')],
  );
}

function strayProbe({ probe, ports }: WorkloadSetup): readonly Violation[] {
  if (!probe || probe.check.kind === 'command') return [];
  const { port } = probe.check;
  return ports.some(({ name }) => name === port)
    ? []
    : [field(`probe.${probe.check.kind}.port`, 'is none of the ports')];
}

function field(name: string, description: string): Violation {
  return { field: name, description };
}
