import { UsageError } from '../usage-error.js';

/** Reads a whole number within bounds. Throws UsageError for anything else. */
export function parseWhole(text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`not a whole number from ${least} to ${most}: '${text}'`);
  }
  return value;
}
