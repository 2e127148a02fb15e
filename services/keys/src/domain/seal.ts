import { PublicError } from '@ramet/errors';

/** What a replica does with secrets. */
export type ReplicaState = 'open' | 'starting' | 'sealed' | 'kek_missing' | 'kek_wrong';

/** A pass over all secrets that puts them under one KEK. */
export interface Rotation {
  readonly kekId: string;
  /** Whether every secret gets a new data key as well. */
  readonly dataKeys: boolean;
  readonly total: bigint;
  readonly startedBy: string;
  readonly reason: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
}

/** What holds for the secrets of all replicas. */
export interface Seal {
  readonly sealed: boolean;
  readonly changedBy: string;
  readonly reason: string;
  readonly changedAt: Date | undefined;
  /** The KEK that secrets are sealed under. Empty before the first start. */
  readonly kekId: string;
  readonly rotation: Rotation | undefined;
  /** The number of its newest change. */
  readonly seq: number;
}

/** One replica, as it last said. */
export interface Replica {
  readonly id: string;
  readonly state: ReplicaState;
  readonly kekIds: readonly string[];
  /** The KEK that it seals under. Empty while it is sealed. */
  readonly kekId: string;
  readonly sealSeq: number;
  readonly seenAt: Date;
}

/** Who changes the seal, and why. */
export interface Motive {
  readonly actor: string;
  readonly reason: string;
}

/** What a rotation is to reach. */
export type Aim = Pick<Rotation, 'kekId' | 'dataKeys' | 'total'>;

/** How many data keys a KEK wraps before it should be rotated. */
export const WRAPS_DUE = 2n ** 31n;

/** More than this many random nonces under one key are not safe (NIST SP 800-38D, 8.3). */
const MOST_WRAPS = 2n ** 32n;

/** The seal after somebody has set it; the same if it is as they want it. */
export function set(seal: Seal, sealed: boolean, { actor, reason }: Motive, at: Date): Seal {
  if (seal.sealed === sealed) return seal;
  return { ...seal, sealed, changedBy: actor, reason, changedAt: at, seq: seal.seq + 1 };
}

/** The seal with a rotation; the same if one with this aim runs already. */
export function rotating(seal: Seal, aim: Aim, { actor, reason }: Motive, at: Date): Seal {
  const { rotation } = seal;
  const isSame = rotation?.kekId === aim.kekId && rotation.dataKeys === aim.dataKeys;
  if (isSame && isRunning(rotation)) return seal;
  const next = { ...aim, startedBy: actor, reason, startedAt: at, finishedAt: undefined };
  return { ...seal, rotation: next, seq: seal.seq + 1 };
}

/** The seal once secrets are sealed under the KEK that its rotation is for. */
export function kekChosen(seal: Seal): Seal {
  const { rotation } = seal;
  if (!rotation || rotation.kekId === seal.kekId) return seal;
  return { ...seal, kekId: rotation.kekId, seq: seal.seq + 1 };
}

/** The seal after its rotation. */
export function rotated(seal: Seal, at: Date): Seal {
  const { rotation } = seal;
  if (!isRunning(rotation)) return seal;
  return { ...seal, rotation: { ...rotation, finishedAt: at }, seq: seal.seq + 1 };
}

/** Whether there is a rotation that has not ended. */
export function isRunning(rotation: Rotation | undefined): rotation is Rotation {
  return rotation !== undefined && rotation.finishedAt === undefined;
}

/** Whether every replica that opens secrets could open what is sealed under a KEK. */
export function allHave(replicas: readonly Replica[], kekId: string): boolean {
  return replicas.every(({ kekIds, state }) => state !== 'open' || kekIds.includes(kekId));
}

/** Whether no replica seals under another KEK than this. */
export function noneSealsOtherwise(replicas: readonly Replica[], kekId: string): boolean {
  return replicas.every((replica) => replica.kekId === kekId || replica.kekId === '');
}

/** The replicas that have not acted upon the newest change. */
export function behind(replicas: readonly Replica[], { seq }: Seal): readonly Replica[] {
  return replicas.filter(({ sealSeq }) => sealSeq < seq);
}

/** Throws KEK_EXHAUSTED if a KEK may not wrap any more. */
export function requireWraps(kekId: string, wraps: bigint): void {
  if (wraps <= MOST_WRAPS) return;
  const message = `the KEK ${kekId} has wrapped too many data keys: rotate it`;
  throw new PublicError('failed_precondition', 'KEK_EXHAUSTED', message, { metadata: { kekId } });
}

/** The error while a secret cannot be opened. */
export function sealedError(state: ReplicaState): PublicError {
  return new PublicError('unavailable', 'SEALED', WHY[state], {
    metadata: { state },
    retryAfterMs: 1_000,
  });
}

const WHY = {
  open: 'this replica has lost sight of the seal',
  starting: 'this replica has just started',
  sealed: 'the service is sealed',
  kek_missing: 'this replica has no key-encryption key',
  kek_wrong: 'this replica has another key-encryption key',
} as const satisfies Record<ReplicaState, string>;
