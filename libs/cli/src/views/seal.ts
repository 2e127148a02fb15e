import {
  Kek,
  type KekRotation,
  SealReplica,
  SealState,
  SealStatus,
} from '@ramet/proto-gen/keys.v1';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { moment } from '../print/values.js';

/** How the seal of keys is shown. */
export function sealView(): View<SealStatus> {
  return {
    shape: shape('keys.v1.SealStatus', SealStatus),
    fields: ({ seal, replicas, left }) => [
      ['sealed', seal?.sealed ? 'yes' : 'no'],
      ['by', seal?.changedBy ?? ''],
      ['because', seal?.reason ?? ''],
      ['since', moment(seal?.changeTime)],
      ['kek', seal?.kekId ?? ''],
      ['open replicas', openOf(replicas)],
      ...rotationFields(seal?.rotation, left),
    ],
    columns: [],
  };
}

/** How replicas of keys are shown. */
export function sealReplicaView(): View<SealReplica> {
  return {
    shape: shape('keys.v1.SealReplica', SealReplica),
    fields: () => [],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'STATE', value: ({ state }) => nameOf(SealState, state) },
      { title: 'SEALS UNDER', value: ({ kekId }) => kekId },
      { title: 'HAS', value: ({ kekIds }) => kekIds.join(' ') },
      { title: 'CURRENT', value: ({ current }) => (current ? 'yes' : 'no') },
    ],
  };
}

/** How key-encryption keys are shown: by their ids. */
export function kekView(): View<Kek> {
  return {
    shape: shape('keys.v1.Kek', Kek),
    fields: () => [],
    columns: [
      { title: 'KEK', value: ({ id }) => id },
      { title: 'SECRETS', value: ({ secrets }) => `${secrets}`, right: true },
      { title: 'WRAPS', value: ({ wraps }) => `${wraps}`, right: true },
      { title: 'RETIRED', value: ({ retireTime }) => moment(retireTime) },
      { title: 'ROTATE', value: ({ rotationDue }) => (rotationDue ? 'due' : '') },
    ],
  };
}

function openOf(replicas: readonly SealReplica[]): string {
  const open = replicas.filter(({ state }) => state === SealState.OPEN);
  return `${open.length} of ${replicas.length}`;
}

function rotationFields(rotation: KekRotation | undefined, left: bigint) {
  if (!rotation) return [];
  const { kekId, dataKeys, total, startTime, finishTime } = rotation;
  return [
    ['rotation to', kekId],
    ['new data keys', dataKeys ? 'yes' : 'no'],
    ['secrets', finishTime ? `${total}` : `${left} of ${total} left`],
    ['rotation started', moment(startTime)],
    ['rotation finished', moment(finishTime)],
  ] as const;
}
