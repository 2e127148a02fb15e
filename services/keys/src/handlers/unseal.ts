import type { UnsealRequest, UnsealResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { set } from '../domain/seal.js';
import { sealSet } from '../seal-events.js';
import { actorOf } from './caller.js';
import { sealReport } from './seal-report.js';

/** Unseals the service. This replica asks for its KEK at once, the others within a second. */
export function unseal(
  needs: Pick<Deps, 'seals' | 'keks' | 'sealKeeper'>,
): Unary<UnsealRequest, UnsealResponse> {
  const { seals, sealKeeper } = needs;
  return async ({ reason }, { caller }) => {
    const actor = actorOf(caller);
    await seals.change(actor, async (before, now) => {
      const next = set(before, false, { actor, reason }, now);
      return next === before ? undefined : { seal: next, event: sealSet(next) };
    });
    await sealKeeper.beatAnew();
    return { status: await sealReport(needs) };
  };
}
