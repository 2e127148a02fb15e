// Goal: users are told what a peer has answered, and nothing that is for the log alone.
// Method: pure; whatever a step can throw, and every way for a clone to be late with it.

import assert from 'node:assert/strict';
import { RemoteError } from '@ramet/rpc';
import { expired, rolledBack } from '../domain/changes.js';
import { cloneIn, NOON } from '../domain/examples.js';
import { DEADLINES } from '../domain/phases.js';
import { writeProblem } from '../domain/problem.js';
import { notPutDown } from '../domain/put-down.js';
import { answerOf, problemOf } from './refusal.js';

const SECRET = 'select token from x at 10.1.2.3';
const KEYS = '/ramet.keys.v1.KeyService/ListKeys';

function remote(code: 'UNAVAILABLE' | 'NOT_FOUND', reason: string, message: string): RemoteError {
  return new RemoteError(code, message, { reason }, KEYS);
}

const FAILURES = [
  [
    'an error of its own',
    new Error(SECRET),
    'lifecycle INTERNAL: an internal error: see the logs by trace',
  ],
  ['what is no error', SECRET, 'lifecycle INTERNAL: an internal error: see the logs by trace'],
  [
    'a peer that did not answer',
    remote('UNAVAILABLE', '', SECRET),
    'keys UNAVAILABLE: it gave no answer: see the logs by trace',
  ],
  [
    'a peer that has answered',
    remote('NOT_FOUND', 'KEY_NOT_FOUND', 'no such key: key_1'),
    'keys NOT_FOUND KEY_NOT_FOUND: no such key: key_1',
  ],
] as const;

describe('what users are told of a failure', () => {
  for (const [what, thrown, told] of FAILURES) {
    it(`is "${told}" of ${what}`, () => {
      assert.equal(writeProblem(problemOf(thrown)), told);
    });
  }

  it('is no more when a clone was late for it, whatever becomes of it', () => {
    const problem = writeProblem(problemOf(new Error(SECRET)));
    const why = { at: NOON, deadlines: DEADLINES };
    const late = [
      expired(cloneIn('PROVISIONING'), problem, why),
      expired(cloneIn('FINALIZING'), problem, why),
      expired(cloneIn('DELETING', { desired: 'DELETED' }), problem, why),
      notPutDown(cloneIn('SUSPENDING'), problem, why),
      rolledBack(cloneIn('UPDATING'), problem, why),
    ];
    for (const clone of late) {
      const told = JSON.stringify([clone.message, clone.conditions]);
      assert.match(told, /an internal error: see the logs by trace/, clone.phase);
      assert.doesNotMatch(told, /select/, clone.phase);
    }
  });

  it('is no more when a refusal came from the transport', async () => {
    const answer = await answerOf(Promise.reject(remote('NOT_FOUND', '', SECRET)));
    assert.doesNotMatch(JSON.stringify(answer), /select/);
    const own = remote('NOT_FOUND', 'KEY_NOT_FOUND', 'no such key: key_1');
    assert.deepEqual(await answerOf(Promise.reject(own)), {
      refusal: { reason: 'KEY_NOT_FOUND', message: 'no such key: key_1' },
    });
  });
});
