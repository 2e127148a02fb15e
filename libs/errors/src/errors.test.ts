import assert from 'node:assert/strict';
import { conflict, denied, invalid, notFound, PublicError, unavailable } from './index.js';

describe('an error for the caller', () => {
  it('lists every field that is wrong', () => {
    const error = invalid(
      { field: 'name', description: 'must not be empty' },
      { field: 'limits.grace', description: 'must not be negative' },
    );

    assert.equal(error.code, 'invalid_argument');
    assert.equal(error.reason, 'REQUEST_INVALID');
    assert.equal(error.message, 'name: must not be empty; limits.grace: must not be negative');
    assert.equal(error.violations.length, 2);
  });

  it('names the thing that is not there', () => {
    const error = notFound('clone', 'cln_1');

    assert.equal(error.reason, 'CLONE_NOT_FOUND');
    assert.deepEqual(error.resource, { kind: 'clone', id: 'cln_1' });
    assert.deepEqual(error.metadata, { clone_id: 'cln_1' });
  });

  it('names the action that is not allowed', () => {
    assert.deepEqual(denied('clones.stop', 'no').metadata, { action: 'clones.stop' });
  });

  it('says when asking a peer again may help', () => {
    const cause = new Error('refused');
    const error = unavailable('teams', cause);

    assert.equal(error.retryAfterMs, 1_000);
    assert.equal(error.cause, cause);
    assert.ok(!error.message.includes('refused'), 'the cause is for the log');
  });

  it('names the state that stands in the way', () => {
    const { preconditions } = conflict('KEY_IN_USE', { kind: 'key', id: 'key_1' }, 'it is held');

    assert.deepEqual(preconditions, [
      { type: 'KEY_IN_USE', subject: 'key/key_1', description: 'it is held' },
    ]);
  });

  it('has nothing in it that nobody has put there', () => {
    const { violations, quotas, resource, retryAfterMs } = new PublicError('aborted', 'X', 'x');

    assert.deepEqual([violations, quotas, resource, retryAfterMs], [[], [], undefined, undefined]);
  });
});
