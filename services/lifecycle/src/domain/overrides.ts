import { invalid, type Violation } from '@ramet/errors';
import type { Override, OverrideScope } from './spec.js';
import { isAlike, isPlainText, repeated, sizeOf } from './text.js';

/** Names an override in a layer. */
type Named = { readonly name: string; readonly scope: OverrideScope };

/** One change of a layer, as a request asks for it: secrets are still in the open. */
export type AskedChange = Named &
  (
    | { readonly kind: 'set'; readonly value: string }
    | { readonly kind: 'secret'; readonly value: string }
    | { readonly kind: 'unset' }
  );

/** One change of a layer. A secret has its digest: it is sealed with the change. */
export type OverrideChange = Named &
  (
    | { readonly kind: 'set'; readonly value: string }
    | { readonly kind: 'secret'; readonly digest: string; readonly bytes: number }
    | { readonly kind: 'unset' }
  );

/** How many overrides a layer may have. */
export const MAX_OVERRIDES = 200;
/** How large the overrides of a layer may be together, and those that a clone has of all layers. */
export const MAX_OVERRIDE_BYTES = 512 * 1024;
const MAX_VALUE_BYTES = 64 * 1024;

/** What names an override in a layer. */
export function keyOf({ scope, name }: Named): string {
  return `${scope} ${name}`;
}

/**
 * A layer after changes, by name. The layer itself if they change nothing.
 *
 * What is taken out need not be there: a change may be repeated. Throws REQUEST_INVALID, under
 * `field`, for changes that are not possible together.
 */
export function applyChanges(
  layer: readonly Override[],
  changes: readonly OverrideChange[],
  { as, field }: { readonly as: Override['layer']; readonly field: string },
): readonly Override[] {
  const violations = changeViolations(changes, field);
  if (violations.length > 0) throw invalid(...violations);

  const next = new Map(layer.map((override) => [keyOf(override), override]));
  for (const change of changes) {
    if (change.kind === 'unset') next.delete(keyOf(change));
    else next.set(keyOf(change), overrideOf(change, as));
  }
  const changed = sorted([...next.values()]);
  return isAlike(changed, layer) ? layer : changed;
}

function overrideOf(
  change: Exclude<OverrideChange, { kind: 'unset' }>,
  layer: Override['layer'],
): Override {
  const { name, scope } = change;
  if (change.kind === 'set') return { name, scope, layer, value: change.value, digest: '' };
  return { name, scope, layer, value: '', digest: change.digest, bytes: change.bytes };
}

function changeViolations(changes: readonly OverrideChange[], field: string): readonly Violation[] {
  const twice = repeated(changes, keyOf).map((index) => {
    const description = `is changed already: ${changes[index]?.name}`;
    return { field: `${field}[${index}].name`, description };
  });
  const faults = changes.flatMap((change, index) => {
    const fault = faultOf(change);
    if (fault === undefined) return [];
    const part = change.kind === 'secret' ? 'secret_value' : 'value';
    return [{ field: `${field}[${index}].${part}`, description: fault }];
  });
  return [...twice, ...faults];
}

function faultOf(change: OverrideChange): string | undefined {
  if (change.kind === 'unset') return undefined;
  if (change.kind === 'set' && !isPlainText(change.value)) return 'must be text without NUL';
  const bytes = change.kind === 'set' ? sizeOf(change.value) : change.bytes;
  return bytes > MAX_VALUE_BYTES ? `must be at most ${MAX_VALUE_BYTES} bytes` : undefined;
}

/** What holds of layers that lie over each other, the lowest first: the highest of each name. */
export function layered(...layers: readonly (readonly Override[])[]): readonly Override[] {
  const top = new Map(layers.flat().map((override) => [keyOf(override), override]));
  return sorted([...top.values()]);
}

/** The digests of those that are secret. */
export function digestsOf(overrides: readonly Override[]): readonly string[] {
  return overrides.flatMap(({ digest }) => (digest === '' ? [] : [digest]));
}

/** How much room overrides take: names and values, those of secret ones too. */
export function overrideBytes(overrides: readonly Override[]): number {
  return overrides.reduce((sum, { name, value, bytes = 0 }) => {
    return sum + sizeOf(name) + sizeOf(value) + bytes;
  }, 0);
}

/** What is wrong with the overrides that a clone would have, of all layers together. */
export function overrideViolations(overrides: readonly Override[]): readonly Violation[] {
  const bytes = overrideBytes(overrides);
  if (bytes <= MAX_OVERRIDE_BYTES) return [];
  const description = `must be at most ${MAX_OVERRIDE_BYTES} bytes in all layers, not ${bytes}`;
  return [{ field: 'overrides', description }];
}

function sorted(overrides: readonly Override[]): readonly Override[] {
  const compare = (one: string, other: string): number => (one < other ? -1 : 1);
  return [...overrides].sort((one, other) => {
    return one.name === other.name
      ? compare(one.scope, other.scope)
      : compare(one.name, other.name);
  });
}
