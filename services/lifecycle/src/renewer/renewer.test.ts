// Goal: one clone that cannot be written of holds up no grant of another.
// Method: one turn of the renewer, with what it asks played.

import assert from 'node:assert/strict';
import { systemClock } from '@ramet/service';
import { until } from '../testing/steps.js';
import { startRenewer } from './renewer.js';

type Needs = Parameters<typeof startRenewer>[0];

const SIGNERS = ['bad', 'good'].map((cloneId) => ({
  ...{ cloneId, executionId: `exe of ${cloneId}`, epoch: 1 },
  ...{ overAt: undefined, conditions: [] },
}));
const STOP = { reason: 'GRANT_REVOKED', message: 'revoked' };

describe('the renewer', () => {
  it('goes on to the next clone when one cannot be changed, and says so', async () => {
    const changed: string[] = [];
    const warned: unknown[] = [];
    const quiet = (): void => undefined;
    const needs = {
      signers: { page: async (after: string) => (after === '' ? SIGNERS : []) },
      retention: { takeTurn: async () => true },
      keys: {
        renew: async (executions: readonly { readonly executionId: string }[]) =>
          executions.map(({ executionId }) => ({ executionId, ...STOP })),
      },
      clones: {
        async change(cloneId: string) {
          if (cloneId === 'bad') throw new Error('it keeps changing');
          changed.push(cloneId);
        },
      },
      clock: systemClock,
      logger: {
        ...{ debug: quiet, info: quiet, error: quiet },
        warn: (_: string, fields: object) => warned.push(fields),
      },
    } as unknown as Needs;

    await using _ = startRenewer(needs, 60_000);
    await until(() => changed.length > 0);

    assert.deepEqual(changed, ['good']);
    assert.deepEqual(warned, [{ clone: 'bad', error: 'Error: it keeps changing' }]);
  });
});
