import { startEngines } from './engines.js';
import { unhandledHooks } from './unhandled.js';

let engines: AsyncDisposable | undefined;

/** What mocha does around each file of tests. */
export const mochaHooks = unhandledHooks;

/** Starts what all tests share, before the first of them. Mocha calls it. */
export async function mochaGlobalSetup(): Promise<void> {
  engines = await startEngines();
}

/** Stops what all tests share, after the last of them. Mocha calls it. */
export async function mochaGlobalTeardown(): Promise<void> {
  await engines?.[Symbol.asyncDispose]();
}
