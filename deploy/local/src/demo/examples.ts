import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HOUSE } from '../layout.js';

/** What the example bot is told of its strategy and of its account. */
export interface Trading {
  readonly fast: number;
  readonly slow: number;
  /** In whole USDT. */
  readonly capital: number;
}

/** What the example bot has to come to. It holds nothing in the end. */
export interface Expected {
  readonly trades: number;
  /** An exact decimal. */
  readonly quoteBalance: string;
}

const EXAMPLES = join(HOUSE, 'deploy', 'examples');

/** The program of the paper exchange. */
export const EXCHANGE: string = join(EXAMPLES, 'paper-exchange', 'main.mjs');

/** What the bot has to come to, worked out from the candles alone by code that is not the bot's. */
export async function expectedOf(trading: Trading): Promise<Expected> {
  const { expectedResult } = await import(urlOf('moving-average/expected.mjs'));
  return expectedResult(trading);
}

/** The address of a module of the examples. */
export function urlOf(module: string): string {
  return pathToFileURL(join(EXAMPLES, module)).href;
}
