import { denied } from '@ramet/errors';
import type { Caller } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { Deps } from '../deps.js';
import { narrowed, type Sight, sees } from '../domain/sight.js';

type Needs = Pick<Deps, 'access' | 'clock'> & {
  /** Calls back about once a second, until the returned function is called. Absent: a timer does. */
  readonly pulse?: Pulse;
};

type Pulse = (callback: () => void) => () => void;

/** What a stream may show at its start. */
export interface Shown {
  readonly sight: Sight;
  /** The only owner that the stream is about, if it is about one. */
  readonly ownerId?: string | undefined;
}

/** A stream's right to go on. */
export interface InSight extends AsyncDisposable {
  /** Aborts when the caller has lost sight of an owner, or when the call is over. */
  readonly signal: AbortSignal;
}

const CHECK_MS = 1_000;

/**
 * Watches what a caller may see while a stream is open: at least each second, and whenever teams has
 * changed. While teams cannot be asked, the answer is no.
 */
export function whileInSight(
  { access, clock, pulse = pulseOf(clock) }: Needs,
  { caller, signal: callSignal }: { readonly caller: Caller; readonly signal: AbortSignal },
  { sight, ownerId }: Shown,
  onGained: (ownerIds: readonly string[]) => void = () => undefined,
): InSight {
  const lost = new AbortController();
  const signal = AbortSignal.any([callSignal, lost.signal]);
  const shown = new Set(sight === 'all' ? [] : sight);

  const check = async (): Promise<void> => {
    const current = narrowed(await access.sightOf(caller), ownerId);
    if (![...shown].every((id) => sees(current, id))) {
      lost.abort(denied('clones.watch', 'what you may see has changed'));
      return;
    }
    const gained = current === 'all' ? [] : current.filter((id) => !shown.has(id));
    for (const id of gained) shown.add(id);
    if (gained.length > 0 && sight !== 'all') onGained(gained);
  };
  const checkNow = (): Promise<void> => check().catch((thrown: unknown) => lost.abort(thrown));
  const quits = [access.changed.listen(() => void checkNow()), pulse(() => void checkNow())];
  return {
    signal,
    async [Symbol.asyncDispose]() {
      for (const quit of quits) quit();
      lost.abort();
    },
  };
}

/** The pulse of a stream that has a timer of its own. */
function pulseOf(clock: Clock): Pulse {
  return (callback) => {
    const over = new AbortController();
    const beat = async (): Promise<void> => {
      while (true) {
        await clock.sleep(CHECK_MS, over.signal);
        if (over.signal.aborted) return;
        callback();
      }
    };
    void beat();
    return () => over.abort();
  };
}
