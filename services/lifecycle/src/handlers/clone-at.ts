import { PublicError, unavailable } from '@ramet/errors';
import {
  CloneChanged,
  type Clone as CloneMessage,
  type Moment,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Deps } from '../deps.js';

type Reads = Pick<Deps['reads'], 'entryAt' | 'span'>;

/**
 * A clone as its history has it at a moment: folding the history up to there gives this.
 *
 * Throws HISTORY_OUT_OF_RANGE for a moment before its creation, or a seq that it has not reached;
 * UNAVAILABLE for a position that is not given out yet.
 */
export async function cloneAt(reads: Reads, id: string, { moment }: Moment): Promise<CloneMessage> {
  if (moment?.$case === 'position' && moment.value > (await reads.span()).newest) {
    throw unavailable('history');
  }
  const payload = moment && (await reads.entryAt(id, momentOf(moment)));
  const clone = payload && CloneChanged.decode(payload).clone;
  if (clone) return clone;
  const message = `the history of the clone does not have that moment: ${id}`;
  throw new PublicError('out_of_range', 'HISTORY_OUT_OF_RANGE', message, {
    metadata: { clone_id: id },
  });
}

function momentOf(moment: NonNullable<Moment['moment']>) {
  switch (moment.$case) {
    case 'seq':
      return { seq: moment.value };
    case 'time':
      return { time: moment.value };
    case 'position':
      return { position: moment.value };
  }
}
