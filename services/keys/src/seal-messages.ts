import {
  type Kek as KekMessage,
  type Seal as SealMessage,
  type SealReplica,
  SealState,
  type SealStatus,
} from '@ramet/proto-gen/keys.v1';
import { behind, type Replica, type Rotation, type Seal, WRAPS_DUE } from './domain/seal.js';

/** A KEK, with what is sealed under it. */
export interface KekUse {
  readonly id: string;
  readonly secrets: bigint;
  readonly wraps: bigint;
  readonly retiredAt: Date | undefined;
}

/** All that administrators are told of the seal. */
export interface SealReport {
  readonly seal: Seal;
  readonly replicas: readonly Replica[];
  readonly keks: readonly KekUse[];
  readonly left: bigint;
}

/** The seal as the contract has it. */
export function toSealMessage(seal: Seal): SealMessage {
  return {
    sealed: seal.sealed,
    changedBy: seal.changedBy,
    reason: seal.reason,
    changeTime: seal.changedAt,
    kekId: seal.kekId,
    rotation: seal.rotation && toRotationMessage(seal.rotation),
  };
}

/** The whole report as the contract has it. */
export function toStatusMessage({ seal, replicas, keks, left }: SealReport): SealStatus {
  const late = new Set(behind(replicas, seal));
  return {
    seal: toSealMessage(seal),
    replicas: replicas.map((each) => toReplicaMessage(each, !late.has(each))),
    keks: keks.map(toKekMessage),
    left,
  };
}

function toRotationMessage(rotation: Rotation) {
  const { kekId, dataKeys, total, startedBy, reason, startedAt, finishedAt } = rotation;
  return {
    ...{ kekId, dataKeys, total, startedBy, reason },
    ...{ startTime: startedAt, finishTime: finishedAt },
  };
}

function toReplicaMessage(replica: Replica, current: boolean): SealReplica {
  const { id, state, kekIds, kekId, seenAt } = replica;
  return { id, state: STATES[state], kekIds: [...kekIds], kekId, current, seenTime: seenAt };
}

function toKekMessage({ id, secrets, wraps, retiredAt }: KekUse): KekMessage {
  return { id, secrets, wraps, retireTime: retiredAt, rotationDue: wraps >= WRAPS_DUE };
}

const STATES = {
  open: SealState.OPEN,
  starting: SealState.STARTING,
  sealed: SealState.SEALED,
  kek_missing: SealState.KEK_MISSING,
  kek_wrong: SealState.KEK_WRONG,
} as const satisfies Record<Replica['state'], SealState>;
