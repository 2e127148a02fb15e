import { PublicError } from '@ramet/errors';
import type { SealRequest, SealResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { behind, type Seal, set } from '../domain/seal.js';
import { sealSet } from '../seal-events.js';
import { actorOf } from './caller.js';
import { sealReport } from './seal-report.js';

type Needs = Pick<Deps, 'seals' | 'keks' | 'sealKeeper' | 'drain' | 'clock'>;

/** Longer than a beat of the slowest replica. */
const CONFIRM_MS = 4_000;
const POLL_MS = 50;

/** Seals the service. Answers once every replica has closed its vault, and no signature can come. */
export function seal(needs: Needs): Unary<SealRequest, SealResponse> {
  const { seals, sealKeeper, drain } = needs;
  return async ({ reason, validateOnly }, { caller }) => {
    if (!validateOnly) {
      const actor = actorOf(caller);
      const sealed = await seals.change(actor, async (before, now) => {
        const next = set(before, true, { actor, reason }, now);
        return next === before ? undefined : { seal: next, event: sealSet(next) };
      });
      await sealKeeper.beat();
      await untilConfirmed(sealed, needs);
      // What was signed before the vaults closed may be on its way.
      await drain();
    }
    return { status: await sealReport(needs) };
  };
}

async function untilConfirmed(sealed: Seal, { seals, clock }: Needs): Promise<void> {
  const until = clock.elapsed() + CONFIRM_MS;
  for (;;) {
    const late = behind(await seals.listReplicas(), sealed);
    if (late.length === 0) return;
    if (clock.elapsed() > until) throw unconfirmed(late.length);
    await clock.sleep(POLL_MS);
  }
}

function unconfirmed(replicas: number): PublicError {
  const message = 'the service is sealed, but not every replica has confirmed it: ask again';
  return new PublicError('unavailable', 'SEAL_UNCONFIRMED', message, {
    metadata: { replicas: String(replicas) },
    retryAfterMs: 1_000,
  });
}
