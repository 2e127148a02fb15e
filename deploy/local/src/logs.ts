import { renameSync, statSync } from 'node:fs';

const LARGEST_BYTES = 8 * 2 ** 20;
const KEPT = 3;

/** Sets a log file aside once it is large, and forgets the oldest of those set aside. */
export function rotate(file: string): void {
  if (sizeOf(file) < LARGEST_BYTES) return;
  for (let age = KEPT - 1; age >= 1; age -= 1) {
    if (sizeOf(`${file}.${age}`) > 0) renameSync(`${file}.${age}`, `${file}.${age + 1}`);
  }
  renameSync(file, `${file}.1`);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
