import type { SealStatus } from '@ramet/proto-gen/keys.v1';
import type { Deps } from '../deps.js';
import { isRunning } from '../domain/seal.js';
import { toStatusMessage } from '../seal-messages.js';

/** How it stands with the seal, with the replicas and with the KEKs. */
export async function sealReport({
  seals,
  keks,
}: Pick<Deps, 'seals' | 'keks'>): Promise<SealStatus> {
  const seal = await seals.read();
  const { rotation } = seal;
  return toStatusMessage({
    seal,
    replicas: await seals.listReplicas(),
    keks: await keks.list(),
    left: isRunning(rotation) ? await keks.countStale(rotation) : 0n,
  });
}
