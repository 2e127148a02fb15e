import { createWaker, type Waker } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import type { WatchClonesRequest, WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps, Snapshot } from '../deps.js';
import { narrowed, type Sight } from '../domain/sight.js';
import { fromOwnerMessage } from '../messages.js';
import { createArrivals } from '../watch/arrivals.js';
import { decodeCursor, encodeCursor, foreignCursor } from '../watch/cursor.js';
import { WatchState } from '../watch/watch-state.js';
import { whileInSight } from './while-in-sight.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'history' | 'changes' | 'progress' | 'clock'>;

type Response = WatchClonesResponse | Buffer;

/** A quiet stream proves this often that it is alive and has missed nothing. */
const CHECKPOINT_MS = 3_000;

/** How often a snapshot is tried, and how long its newest changes have to get their positions. */
const SNAPSHOTS = 5;
const SETTLE_MS = 10;

/** Streams clones as they are, and then every change of them that the caller sees. */
export function watchClones(needs: Needs): Streaming<WatchClonesRequest, WatchClonesResponse> {
  const { access, changes, clock } = needs;
  return async function* ({ owner, cloneId, cursor }, call) {
    const ownerId = fromOwnerMessage(owner)?.id;
    const sight = narrowed(await access.sightOf(call.caller), ownerId);
    const state = new WatchState(sight, cloneId, changes);

    if (cursor.length > 0) {
      state.position = await resumable(needs, decodeCursor(cursor));
    } else {
      const snapshot = await settled(needs, sight, cloneId);
      state.position = snapshot.position;
      yield* state.snapshot(snapshot);
    }
    yield state.checkpoint();

    const waker = createWaker(clock);
    const gained: string[] = [];
    const onGained = (more: readonly string[]): void => {
      gained.push(...more);
      waker.wake();
    };
    await using inSight = whileInSight(needs, call, { sight, ownerId }, onGained);
    const inbox = { waker, gained, signal: inSight.signal };
    yield* follow(needs, state, inbox);
  };
}

/**
 * A snapshot whose position is that of its clones, so that who goes on from there is told nothing
 * twice. Where clones change all the time the last one has to do: changes go by seq then.
 */
async function settled({ reads, clock }: Needs, sight: Sight, cloneId: string): Promise<Snapshot> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await reads.snapshot(sight, cloneId || undefined);
    if (snapshot.isSettled || attempt === SNAPSHOTS) return snapshot;
    await clock.sleep(SETTLE_MS);
  }
}

/** The position to go on after. Throws if the history does not go back, or never went, that far. */
async function resumable({ reads }: Needs, position: bigint): Promise<bigint> {
  const { oldest, newest } = await reads.span();
  if (position > newest) throw foreignCursor();
  if (position + 1n < oldest) throw cursorPruned(oldest);
  return position;
}

interface Inbox {
  readonly waker: Waker;
  /** Owners that have come into sight. */
  readonly gained: string[];
  readonly signal: AbortSignal;
}

async function* follow(
  { history, progress, reads }: Needs,
  state: WatchState,
  { waker, gained, signal }: Inbox,
): AsyncGenerator<Response, void, void> {
  const filter = state.isWanted.bind(state);
  const pages = history.followPages({ after: state.position, signal, filter });
  const arrivals = createArrivals(pages, waker.wake);
  let hasProgress = false;
  const quitWatching = progress.watch();
  const quitListening = progress.changed.listen(() => {
    hasProgress = true;
    waker.wake();
  });

  try {
    while (true) {
      const isWoken = await waker.wait(CHECKPOINT_MS, signal);
      signal.throwIfAborted();

      if (gained.length > 0) {
        const more = gained.splice(0);
        state.sight = widened(state.sight, more);
        yield* state.snapshot(await reads.snapshot(more, state.cloneId || undefined));
      }
      for (const row of arrivals.take() ?? []) yield* state.change(row);
      if (hasProgress) {
        hasProgress = false;
        yield* state.progress(progress.latest);
      }
      if (!isWoken) yield state.checkpoint();
    }
  } finally {
    quitListening();
    quitWatching();
    // It may hold a page that nobody takes any more, and would be counted as a reader for ever.
    void pages.return(undefined).catch(() => undefined);
  }
}

function widened(sight: Sight, more: readonly string[]): Sight {
  return sight === 'all' ? sight : [...sight, ...more];
}

function cursorPruned(oldest: bigint): PublicError {
  const message = 'the history is not kept that far back: watch from the start again';
  return new PublicError('out_of_range', 'CURSOR_PRUNED', message, {
    metadata: { oldest_cursor: encodeCursor(oldest - 1n).toString('base64') },
  });
}
