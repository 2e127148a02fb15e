import assert from 'node:assert/strict';
import { plainRule } from './plain-rule.js';

const CASES: readonly (readonly [string, string])[] = [
  [
    'does not match regex pattern `^key_[0-9a-z]{26}$`',
    'must be an id: key_ and 26 lower-case letters and digits',
  ],
  [
    'does not match regex pattern `^[a-z]([a-z0-9-]*[a-z0-9])?$`',
    'must be lower-case letters, digits and hyphens, with a letter first and no hyphen last',
  ],
  [
    'does not match regex pattern `^0x[0-9a-fA-F]{40}$`',
    'must be an address: 0x and 40 hex digits',
  ],
  ['does not match regex pattern `^rare$`', 'does not match regex pattern `^rare$`'],
  ['does not match regex pattern `constructor`', 'does not match regex pattern `constructor`'],
  ['must be in list [GET, POST]', 'must be one of GET, POST'],
  ['must be in list [, binance, okx]', 'must be empty or one of binance, okx'],
  ['must be at most 40 characters', 'must be at most 40 characters'],
];

describe('a rule of the contract in plain words', () => {
  for (const [message, words] of CASES) {
    it(`says ${message} as: ${words}`, () => assert.equal(plainRule(message), words));
  }
});
