import type { RotateKekRequest, RotateKekResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { rotating } from '../domain/seal.js';
import { rotationStarted } from '../seal-events.js';
import { actorOf } from './caller.js';
import { sealReport } from './seal-report.js';

/** Starts to put all secrets under the KEK that is given first now. The rest is the rotator's. */
export function rotateKek(
  needs: Pick<Deps, 'seals' | 'keks' | 'sealKeeper'>,
): Unary<RotateKekRequest, RotateKekResponse> {
  const { seals, keks, sealKeeper } = needs;
  return async ({ dataKeys, reason, validateOnly }, { caller }) => {
    const [kekId = ''] = await sealKeeper.reload();
    if (!validateOnly) {
      const actor = actorOf(caller);
      await seals.change(actor, async (before, now, tx) => {
        await keks.bringBack(tx, kekId);
        const total = await keks.countStale({ kekId, dataKeys, startedAt: now }, tx);
        const next = rotating(before, { kekId, dataKeys, total }, { actor, reason }, now);
        return next === before ? undefined : { seal: next, event: rotationStarted(next) };
      });
      await sealKeeper.beat();
    }
    return { status: await sealReport(needs) };
  };
}
