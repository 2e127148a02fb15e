import { inspect } from 'node:util';

/** What of this file's tests was rejected, and has nobody who listens so far. */
const unheard = new Map<Promise<unknown>, unknown>();

/** Whether a test of this file has failed: it tells of that itself, and leaves what it has begun. */
let hasFailed = false;

/**
 * Hooks that fail a file of tests if a rejection was left to nobody.
 *
 * It would end a service. Mocha lets it pass: of an event that it does not know itself it tells others,
 * and asks for no answer.
 */
export const unhandledHooks = {
  beforeAll(): void {
    unheard.clear();
    hasFailed = false;
    process.on('unhandledRejection', note).on('rejectionHandled', forget);
  },
  afterEach(this: Mocha.Context): void {
    const { currentTest } = this;
    if (!currentTest?.isPassed() && !currentTest?.isPending()) hasFailed = true;
  },
  afterAll(): void {
    process.off('unhandledRejection', note).off('rejectionHandled', forget);
    const [first] = unheard.values();
    if (unheard.size === 0 || hasFailed) return;
    throw new Error(`${unheard.size} rejections were left to nobody; the first: ${inspect(first)}`);
  },
};

function note(reason: unknown, promise: Promise<unknown>): void {
  unheard.set(promise, reason);
}

function forget(promise: Promise<unknown>): void {
  unheard.delete(promise);
}
