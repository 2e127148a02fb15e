import { CloneKind, Quota, QuotaMismatch } from '@ramet/proto-gen/lifecycle.v1';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import type { Field } from '../print/fields.js';
import { shape } from '../print/json.js';
import { bytes, ownerId } from '../print/values.js';

const BYTES = /_bytes$/;

/** How limits and what is used of them are shown. */
export function quotaView(): View<Quota> {
  return {
    shape: shape('lifecycle.v1.Quota', Quota),
    fields: (quota): readonly Field[] => [
      ['kind', nameOf(CloneKind, quota.kind)],
      ['resource', quota.resource],
      ['used', amount(quota.resource, quota.used)],
      ['limit', amount(quota.resource, quota.limit)],
      ['set for the owner', quota.own ? 'yes' : 'no'],
    ],
    columns: [
      { title: 'KIND', value: ({ kind }) => nameOf(CloneKind, kind) },
      { title: 'RESOURCE', value: ({ resource }) => resource },
      { title: 'USED', value: ({ resource, used }) => amount(resource, used), right: true },
      { title: 'LIMIT', value: ({ resource, limit }) => amount(resource, limit), right: true },
      { title: 'OWN', value: ({ own }) => (own ? 'yes' : '') },
    ],
  };
}

/** How balances that do not agree are shown. */
export function mismatchView(): View<QuotaMismatch> {
  return {
    shape: shape('lifecycle.v1.QuotaMismatch', QuotaMismatch),
    fields: () => [],
    columns: [
      { title: 'OWNER', value: ({ owner }) => ownerId(owner) },
      { title: 'KIND', value: ({ kind }) => nameOf(CloneKind, kind) },
      { title: 'RESOURCE', value: ({ resource }) => resource },
      { title: 'BALANCE', value: ({ balance }) => `${balance}`, right: true },
      { title: 'LEDGER', value: ({ ledger }) => `${ledger}`, right: true },
      { title: 'HELD', value: ({ held }) => `${held}`, right: true },
    ],
  };
}

function amount(resource: string, count: bigint): string {
  return BYTES.test(resource) ? bytes(count) : `${count}`;
}
