import { PublicError } from '@ramet/errors';
import type { Owner } from './clone.js';
import {
  applyChanges,
  MAX_OVERRIDE_BYTES,
  MAX_OVERRIDES,
  type OverrideChange,
  overrideBytes,
} from './overrides.js';
import type { Override } from './spec.js';

/** The overrides that an owner has for all their clones. */
export interface OwnerLayer {
  readonly owner: Owner;
  /** By name. */
  readonly overrides: readonly Override[];
  /** How many changes it has had. */
  readonly seq: number;
}

/** What is asked of a layer. */
export interface LayerWish {
  readonly changes: readonly OverrideChange[];
  /** Empty: whatever it is like. */
  readonly etag: string;
}

/**
 * The layer after changes: the same one if they change nothing.
 *
 * Throws ETAG_STALE, REQUEST_INVALID, or QUOTA_EXCEEDED for one that would be too large.
 */
export function changeLayer(layer: OwnerLayer, { changes, etag }: LayerWish): OwnerLayer {
  requireEtag(layer, etag);
  const how = { as: 'OWNER', field: 'changes' } as const;
  const overrides = applyChanges(layer.overrides, changes, how);
  if (overrides === layer.overrides) return layer;
  requireRoom(layer.owner, overrides);
  return { ...layer, overrides };
}

/** What changes with every change of a layer. */
export function layerEtag({ seq }: OwnerLayer): string {
  return String(seq);
}

function requireEtag(layer: OwnerLayer, etag: string): void {
  if (etag === '' || etag === layerEtag(layer)) return;
  const message = `the overrides have changed since they were read: ${layer.owner.id}`;
  throw new PublicError('aborted', 'ETAG_STALE', message, {
    metadata: { owner_id: layer.owner.id },
  });
}

function requireRoom({ id }: Owner, overrides: readonly Override[]): void {
  const isTooMany = overrides.length > MAX_OVERRIDES;
  if (!isTooMany && overrideBytes(overrides) <= MAX_OVERRIDE_BYTES) return;
  const description = isTooMany
    ? `an owner has at most ${MAX_OVERRIDES} overrides`
    : `the overrides of an owner have at most ${MAX_OVERRIDE_BYTES} bytes in all`;
  throw new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', description, {
    metadata: { owner_id: id, resource: 'overrides' },
    quotas: [{ subject: `owner/${id}`, description }],
  });
}
