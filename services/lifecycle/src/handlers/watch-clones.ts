import { PublicError } from '@ramet/errors';
import type { WatchClonesRequest, WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { narrowed } from '../domain/sight.js';
import { filterKey } from '../domain/watch-filter.js';
import { fromOwnerMessage, fromWatchRequest } from '../messages.js';
import {
  createCursors,
  cursorPruned,
  decodeCursor,
  foreignCursor,
  gainedSince,
  requireFilter,
} from '../watch/cursor.js';
import type { Seat } from '../watch/seat.js';
import { WatchStream, type WatchWish } from '../watch/watch-stream.js';
import { whileInSight } from './while-in-sight.js';

type Needs = Pick<
  Deps,
  'access' | 'reads' | 'changes' | 'clock' | 'broadcast' | 'watchReads' | 'watchLimits'
>;

/** Streams clones as they are, and then every change of them that the caller sees. */
export function watchClones(needs: Needs): Streaming<WatchClonesRequest, WatchClonesResponse> {
  const { access, broadcast } = needs;
  return async function* (request, call) {
    const seat = broadcast.admit(call);
    try {
      const ownerId = fromOwnerMessage(request.owner)?.id;
      const sight = narrowed(await access.sightOf(call.caller), ownerId);
      const wish = { sight, filter: fromWatchRequest(request) };
      const stream = await begin(needs, { seat, wish, cursor: request.cursor });

      const gained: string[] = [];
      await using inSight = whileInSight(
        { ...needs, pulse: broadcast.pulse },
        call,
        { sight, ownerId },
        (more) => {
          gained.push(...more);
          seat.wake();
        },
      );
      const { signal } = inSight;
      wakeWhenOver(seat, signal);
      while (true) {
        signal.throwIfAborted();
        if (gained.length > 0 && stream.isBetweenSnapshots) await stream.widen(gained.splice(0));
        yield stream.tellAll(await stream.next(), signal);
        seat.sent();
      }
    } finally {
      broadcast.leave(seat);
    }
  };
}

interface Start {
  readonly seat: Seat;
  readonly wish: WatchWish;
  readonly cursor: Buffer;
}

async function begin(needs: Needs, { seat, wish, cursor }: Start): Promise<WatchStream> {
  const stream = new WatchStream(needs, seat, wish);
  if (cursor.length === 0) {
    await stream.begin();
    return stream;
  }
  const { sight, filter } = wish;
  const key = filterKey(filter);
  const place = decodeCursor(cursor);
  requireFilter(place, key);
  const { oldest, newest } = await needs.reads.span();
  if (place.position > newest) throw foreignCursor();
  const first = createCursors(key, sight).at(oldest - 1n);
  if (place.position + 1n < oldest) throw cursorPruned(NOT_KEPT, first);
  const gained = gainedSince(place, sight);
  if (!gained) throw cursorPruned(NOT_SEEN, first);
  await stream.resume(place.position, gained);
  return stream;
}

const NOT_KEPT = 'the history is not kept that far back: watch from the start again';
const NOT_SEEN = 'what you may see has changed since: watch from the start again';

/** Has a watcher that waits, or whose client does not read, learn that it may not go on. */
function wakeWhenOver(seat: Seat, signal: AbortSignal): void {
  const end = (): void => {
    seat.wake();
    if (signal.reason instanceof PublicError) seat.call.abort(signal.reason);
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
}
