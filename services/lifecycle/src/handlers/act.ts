import type { Call } from '@ramet/rpc';
import type { Deps, SealedSecret } from '../deps.js';
import type { Clone } from '../domain/clone.js';
import { actorOf } from './actor.js';
import { requireEtag } from './etag.js';

export type ActNeeds = Pick<Deps, 'access' | 'clones' | 'ids' | 'secrets' | 'failpoints' | 'wake'>;

/** What is done to a clone, and how it is told. */
export interface Doing {
  /** The clone. */
  readonly id: string;
  readonly etag?: string;
  /** What is done, such as `clones.suspend`: the action of the permission. */
  readonly name: string;
  /** What happens, as in the history, such as `clone.suspend_requested`. */
  readonly kind: string;
  /** Why, where a reason was given. */
  readonly reason?: string;
  /** With what, for the log of actions: the request, secrets left out. */
  readonly parameters?: object;
  readonly secrets?: readonly SealedSecret[];
  /** Makes it have one effect, however often it is asked. */
  readonly request?: { readonly id: string; readonly bytes: Uint8Array };
}

/**
 * Does something to a clone that the caller sees, for the caller: logs it, and has the reconciler
 * look at once.
 *
 * `decide` must be pure. Returning the clone it was given means that there is nothing to do.
 */
export async function act(
  needs: ActNeeds,
  { caller }: Call,
  { id, etag = '', name, kind, reason = '', parameters = {}, secrets = [], request }: Doing,
  decide: (clone: Clone, now: Date) => Clone,
): Promise<Clone> {
  const { access, clones, ids, failpoints, wake } = needs;
  const actor = actorOf(caller);
  const by = {
    kind,
    actor,
    cause: reason,
    dueInMs: 0,
    action: { id: ids.make('act'), name, reason, parameters },
    secrets,
    ...(request?.id && {
      request: {
        caller: actor,
        requestId: request.id,
        fingerprint: needs.secrets.fingerprint(actor, request.bytes),
      },
    }),
  };
  const clone = await clones.change(id, await access.sightOf(caller), by, (latest, now) => {
    requireEtag(latest, etag);
    return decide(latest, now);
  });
  failpoints.hit('lifecycle.wish_accepted');
  wake();
  return clone;
}
