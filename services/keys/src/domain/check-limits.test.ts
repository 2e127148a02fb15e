import assert from 'node:assert/strict';
import { limitViolations } from './check-limits.js';
import type { Limits, Operation } from './grant.js';
import { createdOf, type Key, type NewKey } from './key.js';
import type { VenueRules } from './limits.js';
import { AT, aNewKey } from './sample-key.js';

const DAY_MS = 24 * 3_600_000;
const ANY: VenueRules = { hosts: [], methods: [], paths: [], symbols: [] };
const VENUE = { venue: { allow: ANY, deny: ANY, allowWithdrawals: false } };
const EVM = { evm: { chainIds: ['1'], receivers: [], contracts: [], domains: [], maxValue: '' } };
const SOLANA = { solana: { programs: [] } };

const HMAC = {} as const;
const BINANCE = { venue: 'binance' } as const;
const UNKNOWN = { venue: 'nowhere' } as const;
const ETHEREUM = { algorithm: 'ecdsa_secp256k1' } as const;
const EDWARDS = { algorithm: 'ed25519' } as const;
const COINBASE = { venue: 'coinbase', algorithm: 'ed25519' } as const;
const KRAKEN = { venue: 'kraken', algorithm: 'hmac_sha512' } as const;
const SHORT = { ...BINANCE, validUntil: inDays(10) } as const;

const CASES: readonly (readonly [string, Partial<NewKey>, Partial<Limits>, readonly string[]])[] = [
  ['nothing of a key for a venue', BINANCE, {}, []],
  ['nothing of a key that signs raw bytes alone', HMAC, {}, ['operations']],
  ['raw bytes', HMAC, { operations: ['raw'] }, []],
  ['digests, of what hashes by itself', HMAC, { operations: ['prehashed'] }, ['operations[0]']],
  ['digests', ETHEREUM, { operations: ['prehashed'] }, []],
  ['a venue, of a key for none', HMAC, { operations: ['raw', 'venue'] }, ['operations[1]']],
  ['a venue that is not known', UNKNOWN, { operations: ['venue'] }, ['operations[0]']],
  ['transactions, of a key of a venue', BINANCE, allOf('evm_transaction'), ['operations[0]']],
  ['transactions', ETHEREUM, allOf('evm_transaction', 'evm_message', 'evm_typed_data'), []],
  ['messages of another chain', ETHEREUM, allOf('solana_message'), ['operations[0]']],
  ['messages of Solana', EDWARDS, allOf('solana_message'), []],
  [
    'two operations that are none',
    HMAC,
    allOf('venue', 'prehashed'),
    ['operations[0]', 'operations[1]'],
  ],
  ['rules for a venue', BINANCE, { rules: VENUE }, []],
  ['rules for a venue beside raw bytes', BINANCE, { ...allOf('raw'), rules: VENUE }, ['venue']],
  ['rules for another chain', ETHEREUM, { rules: { ...EVM, ...SOLANA } }, ['solana']],
  ['rules for Ethereum, of a key of a venue', BINANCE, { rules: EVM }, ['evm']],
  ['rules for Solana', EDWARDS, { rules: SOLANA }, []],
  ['symbols', BINANCE, symbols({ allow: ['A'], deny: ['B'] }), []],
  ['symbols that are signed nowhere', COINBASE, symbols({ allow: ['A'] }), ['venue.allow.symbols']],
  ['the same, denied', COINBASE, symbols({ deny: ['A'] }), ['venue.deny.symbols']],
  ['symbols of many names that are allowed', KRAKEN, symbols({ allow: ['XBTUSD'] }), []],
  [
    'symbols of many names that are denied',
    KRAKEN,
    symbols({ allow: ['A'], deny: ['XBTUSD'] }),
    ['venue.deny.symbols'],
  ],
  ['an end', BINANCE, { expiresAt: inDays(366) }, []],
  ['an end that is over', BINANCE, { expiresAt: AT }, ['expire_time']],
  ['an end that is too far', BINANCE, { expiresAt: inDays(366.01) }, ['expire_time']],
  ['an end with that of its key', SHORT, { expiresAt: inDays(10) }, []],
  ['an end after that of its key', SHORT, { expiresAt: inDays(10.01) }, ['expire_time']],
  [
    'everything at once',
    HMAC,
    { ...allOf('venue'), expiresAt: AT, rules: EVM },
    ['operations[0]', 'evm', 'expire_time'],
  ],
];

describe('limits that are checked for a key', () => {
  for (const [what, key, limits, fields] of CASES) {
    it(`${fields.length === 0 ? 'may be' : 'may not be'} ${what}`, () => {
      const violations = limitViolations(limitsOf(limits), keyOf(key), AT);
      assert.deepEqual(
        violations.map(({ field }) => field),
        fields,
      );
      for (const { description } of violations) assert.notEqual(description, '');
    });
  }
});

function limitsOf(given: Partial<Limits>): Limits {
  return {
    ...{ operations: [], maxUses: undefined, expiresAt: undefined, rate: undefined, rules: {} },
    ...given,
  };
}

function symbols({
  allow = [],
  deny = [],
}: {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}): Partial<Limits> {
  const only = (list: readonly string[]): VenueRules => ({ ...ANY, symbols: list });
  const venue = { allow: only(allow), deny: only(deny), allowWithdrawals: false };
  return { rules: { venue } };
}

function keyOf(given: Partial<NewKey>): Key {
  return createdOf(aNewKey(given), AT);
}

function allOf(...operations: readonly Operation[]): Partial<Limits> {
  return { operations };
}

function inDays(days: number): Date {
  return new Date(AT.getTime() + days * DAY_MS);
}
