import { createHash } from 'node:crypto';
import { Clone, ClonePhase, type WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';

/** A source of numbers from 0 up to a bound, the same for the same seed. */
export type Dice = (bound: number) => number;

/** Makes dice of a seed. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  return (bound) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

interface Life {
  readonly id: string;
  seq: number;
  isInside: boolean;
}

/** A watch as a service tells it: some streams, each of which goes on where the last one ended. */
export function recordWatch(dice: Dice): readonly (readonly WatchClonesResponse[])[] {
  const lives: Life[] = [];
  const streams = Array.from({ length: 1 + dice(3) }, (_, n) => recordStream(dice, lives, n === 0));
  return streams;
}

function recordStream(dice: Dice, lives: Life[], isFirst: boolean): readonly WatchClonesResponse[] {
  const told: WatchClonesResponse[] = [];
  const proof = createProof();
  const tell = (event: WatchClonesResponse['event']): void => {
    told.push({ event, cursor: Buffer.from(String(told.length)) });
  };
  const check = (): void => tell({ $case: 'checkpoint', value: proof.take() });

  if (isFirst) {
    for (let count = dice(5); count > 0; count -= 1) {
      const life = born(lives, 1 + dice(9));
      tell({ $case: 'snapshot', value: cloneOf(life) });
      proof.add(1, life);
    }
  }
  check();
  for (let count = 3 + dice(30); count > 0; count -= 1) {
    const life = dice(4) === 0 ? born(lives, 0) : (lives[dice(lives.length)] ?? born(lives, 0));
    // What happens outside of the filter is not told.
    life.seq += life.isInside ? 1 : 1 + dice(3);
    if (life.isInside && life.seq > 1 && dice(5) === 0) {
      life.isInside = false;
      tell({ $case: 'left', value: { cloneId: life.id, seq: life.seq, reason: 1 } });
      proof.add(6, life);
    } else {
      life.isInside = true;
      tell({ $case: 'change', value: { clone: cloneOf(life), kind: 'clone.changed', actor: '' } });
      proof.add(2, life);
    }
    if (dice(8) === 0) check();
  }
  check();
  return told;
}

function born(lives: Life[], seq: number): Life {
  const life = { id: `cln_${String(lives.length).padStart(26, '0')}`, seq, isInside: true };
  lives.push(life);
  return life;
}

function cloneOf({ id, seq }: Life): Clone {
  return Clone.fromPartial({ id, seq, phase: ClonePhase.RUNNING });
}

/** The proof of a stream, worked out apart from the verifier. */
function createProof() {
  let count = 0n;
  let hash: Buffer = Buffer.alloc(32);
  let since: Buffer[] = [];
  return {
    add(field: number, { id, seq }: Life): void {
      since.push(Buffer.concat([Buffer.of(field), Buffer.from(id), Buffer.alloc(4)]));
      since.at(-1)?.writeUInt32BE(seq, 1 + id.length);
      count += 1n;
    },
    take() {
      const whole = Buffer.concat([hash, ...since]);
      if (since.length > 0) hash = createHash('sha256').update(whole).digest();
      since = [];
      return { count, hash };
    },
  };
}
