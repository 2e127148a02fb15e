import assert from 'node:assert/strict';
import { type AskedInput, inputViolations, shownUrl } from './inputs.js';
import { defaultSpec } from './release.js';
import type { Spec } from './spec.js';

const [MAIN] = defaultSpec().stages;
const FETCHING: Spec = {
  ...defaultSpec(),
  stages: MAIN ? [{ ...MAIN, work: { kind: 'fetch_inputs' } }] : [],
};

function input(name: string, source: AskedInput['source']): AskedInput {
  return { name, source, sha256: '', maxBytes: 1 };
}

function address(url: string): AskedInput['source'] {
  return { kind: 'url', url };
}

describe('the inputs of a clone', () => {
  it('are addresses without credentials, and results', () => {
    const inputs = [
      input('a', address('https://example.com/a?token=x')),
      input('b', { kind: 'result', cloneId: 'cln_1', name: 'out/b' }),
    ];
    assert.deepEqual(inputViolations(inputs, FETCHING), []);
  });

  it('are refused with all that is wrong', () => {
    const inputs = [
      input('a', address('https://u:p@example.com/')),
      input('a', address('https://')),
      input('b', { kind: 'result', cloneId: 'cln_1', name: 'a\0b' }),
    ];
    const fields = inputViolations(inputs, FETCHING).map(({ field }) => field);
    assert.deepEqual(fields, [
      'inputs[1].name',
      'inputs[0].url',
      'inputs[1].url',
      'inputs[2].result.name',
    ]);
  });

  it('need a stage that fetches them', () => {
    const inputs = [input('a', address('http://a'))];
    assert.equal(inputViolations(inputs, defaultSpec())[0]?.field, 'inputs');
    assert.deepEqual(inputViolations([], defaultSpec()), []);
  });

  it('show of an address what stands before `?` or `#`', () => {
    assert.equal(shownUrl('http://a/b?c?d#e'), 'http://a/b');
    assert.equal(shownUrl('http://a/b#c?d'), 'http://a/b');
    assert.equal(shownUrl('http://a/b'), 'http://a/b');
  });
});
