import { requireWraps } from '../domain/seal.js';
import type { CountWrap } from './keyring.js';

/** Adds to the account of a KEK. Returns how much is on it then. */
type Reserve = (kekId: string, count: number) => Promise<bigint>;

const BLOCK = 256;

/** Counts wraps in blocks that are entered before they are used: a crash makes too many, never too few. */
export function createWrapCounter(reserve: Reserve): CountWrap {
  const left = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  const refill = async (kekId: string): Promise<void> => {
    requireWraps(kekId, await reserve(kekId, BLOCK));
    left.set(kekId, (left.get(kekId) ?? 0) + BLOCK);
  };
  return async (kekId) => {
    while ((left.get(kekId) ?? 0) === 0) {
      const filling = running.get(kekId) ?? refill(kekId).finally(() => void running.delete(kekId));
      running.set(kekId, filling);
      await filling;
    }
    left.set(kekId, (left.get(kekId) ?? 0) - 1);
  };
}
