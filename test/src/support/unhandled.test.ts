import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { unhandledHooks } from './unhandled.js';

describe('a file of tests', () => {
  // The hooks of this file itself are put aside meanwhile.
  before(() => unhandledHooks.afterAll());
  beforeEach(() => unhandledHooks.beforeAll());
  after(() => unhandledHooks.beforeAll());

  it('fails if a rejection was left to nobody', async () => {
    void Promise.reject(new Error('lost'));
    await turn();
    assert.throws(() => unhandledHooks.afterAll(), /^Error: 1 rejections .*: Error: lost\n/);
  });

  it('is not failed for what a test has left that failed itself', async () => {
    const currentTest = { isPassed: () => false, isPending: () => false };
    unhandledHooks.afterEach.call({ currentTest } as Mocha.Context);
    void Promise.reject(new Error('lost'));
    await turn();
    unhandledHooks.afterAll();
  });

  it('passes if somebody has listened in the end', async () => {
    const late = Promise.reject(new Error('late'));
    await turn();
    await assert.rejects(late, /late/);
    await turn();
    unhandledHooks.afterAll();
  });
});
