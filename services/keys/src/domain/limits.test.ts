import assert from 'node:assert/strict';
import { exceeded, type Limit, type Rules, type VenueRules } from './limits.js';
import type { SignFacts, VenueFacts } from './scheme.js';
import { isDangerous, startsWith } from './venue-paths.js';

const NONE: VenueRules = { hosts: [], methods: [], paths: [], symbols: [] };
const ORDER = { method: 'POST', host: 'api.binance.com', path: '/api/v3/order', symbol: 'BTCUSDT' };
const READ = { method: 'GET', host: 'api.binance.com', path: '/api/v3/account' };
const A = `0x${'a'.repeat(40)}`;
const B = `0x${'b'.repeat(40)}`;
const TRANSFER = '0xa9059cbb';
const EVM = { chainIds: [], receivers: [], contracts: [], domains: [], maxValue: '' };

type Venue = Omit<NonNullable<Rules['venue']>, 'allow' | 'deny'>;
type Case = readonly [string, Partial<VenueRules>, Partial<VenueRules>, VenueFacts, Limit | 'OK'];

const WITH_PORT = { ...ORDER, host: `${ORDER.host}:443` };

describe('limits on requests to a venue', () => {
  const cases: readonly Case[] = [
    ['nothing said', {}, {}, ORDER, 'OK'],
    ['an allowed host', { hosts: ['api.binance.com'] }, {}, ORDER, 'OK'],
    ['another host', { hosts: ['testnet.binance.vision'] }, {}, ORDER, 'hosts'],
    ['no host where some are denied', {}, { hosts: ['a'] }, { ...ORDER, host: '' }, 'hosts'],
    ['a denied host with its port', {}, { hosts: [ORDER.host] }, WITH_PORT, 'hosts'],
    ['an allowed host with its port', { hosts: [ORDER.host] }, {}, WITH_PORT, 'OK'],
    ['no host where some are allowed', { hosts: ['a'] }, {}, { ...ORDER, host: '' }, 'hosts'],
    ['an allowed method', { methods: ['GET'] }, {}, READ, 'OK'],
    ['another method', { methods: ['GET'] }, {}, ORDER, 'methods'],
    ['the path itself', { paths: ['/api/v3/order'] }, {}, ORDER, 'OK'],
    ['a path below', { paths: ['/api/v3'] }, {}, ORDER, 'OK'],
    ['all paths', { paths: ['/'] }, {}, ORDER, 'OK'],
    ['a path that only begins alike', { paths: ['/api/v3/ord'] }, {}, ORDER, 'paths'],
    ['a path above', { paths: ['/api/v3/order/test'] }, {}, ORDER, 'paths'],
    ['an allowed path in another case', { paths: ['/API/v3'] }, {}, ORDER, 'paths'],
    ['an allowed symbol', { symbols: ['btcusdt'] }, {}, ORDER, 'OK'],
    ['another symbol', { symbols: ['ETHUSDT'] }, {}, ORDER, 'symbols'],
    [
      'one of several symbols is not allowed',
      { symbols: ['BTCUSDT'] },
      {},
      { ...ORDER, symbol: 'BTCUSDT,ETHUSDT' },
      'symbols',
    ],
    ['reading without a symbol', { symbols: ['BTCUSDT'] }, {}, READ, 'OK'],
    [
      'reading without a symbol what may be more where it is sent',
      { symbols: ['BTCUSDT'] },
      {},
      { ...READ, acts: true },
      'symbols',
    ],
    ['a parameter that is not known', {}, {}, { ...ORDER, unknown: 'newAddress' }, 'parameters'],
    ['no parameter where it could be anything', {}, {}, { ...ORDER, unknown: '' }, 'parameters'],
    [
      'writing without a symbol',
      { symbols: ['BTCUSDT'] },
      {},
      { ...READ, method: 'POST' },
      'symbols',
    ],
  ];
  for (const [name, allow, deny, facts, expected] of cases) {
    it(`say ${expected} for ${name}`, () => {
      assert.equal(judged({ allow, deny }, facts), expected);
    });
  }

  // The incident: a list of names escaped a rule that denied the names.
  it('T7: deny whatever is denied, whatever is allowed, for every method', () => {
    const { hosts, paths, symbols } = {
      hosts: [ORDER.host],
      paths: ['/api'],
      symbols: ['BTCUSDT'],
    };
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const allow = { hosts, methods: [method], paths: ['/', '/api/v3/order'], symbols };
      const facts = { ...ORDER, method };
      assert.equal(judged({ allow }, facts), 'OK');
      assert.equal(judged({ allow, deny: { hosts } }, facts), 'hosts');
      assert.equal(judged({ allow, deny: { methods: [method] } }, facts), 'methods');
      assert.equal(judged({ allow, deny: { paths } }, facts), 'paths');
      assert.equal(judged({ allow, deny: { symbols } }, facts), 'symbols');
      const several = { ...facts, symbol: 'ETHUSDT,BTCUSDT' };
      assert.equal(judged({ deny: { symbols } }, several), 'symbols');
    }
  });

  it('T7: deny a path and a symbol in any case', () => {
    const deny = { paths: ['/api/v3/Order'], symbols: ['BtcUsdt'] };
    assert.equal(judged({ deny }, { ...ORDER, path: '/API/V3/ORDER/test' }), 'paths');
    assert.equal(judged({ deny }, { ...ORDER, path: '/', symbol: 'btcusdt' }), 'symbols');
  });

  it('T6: ask for known parameters only where they hold anything', () => {
    const facts = { ...ORDER, unknown: 'newAddress' };
    const symbols = ['BTCUSDT'];
    const path = '/sapi/v1/capital/withdraw/apply';
    for (const [given, about, expected] of [
      [{ allowWithdrawals: true }, facts, 'OK'],
      [{ allowWithdrawals: true, allow: { symbols } }, facts, 'parameters'],
      [{ allowWithdrawals: true, deny: { symbols } }, facts, 'parameters'],
      [{ allowWithdrawals: true, allow: { symbols } }, { ...facts, path }, 'OK'],
    ] as const) {
      assert.equal(judged(given, about), expected);
    }
    assert.equal(exceeded({}, payload({ venue: facts }, 'binance')), 'parameters');
  });

  it('T6: a rule is text and no pattern', () => {
    for (const rule of ['/api/v?', '/api/v3/.*', '/api/v3/%6frder', '/api/v3/order;a']) {
      assert.equal(startsWith('/api/v3/order', rule), false, rule);
    }
  });
});

describe('withdrawals', () => {
  const paths: readonly (readonly [string, string])[] = [
    ['binance', '/sapi/v1/capital/withdraw/apply'],
    ['binance', '/SAPI/v1/Capital/Withdraw/Apply/'],
    ['binance', '/sapi/v1/asset/transfer'],
    ['binance', '/sapi/v1/sub-account/universalTransfer'],
    ['binance', '/sapi/v1/localentity/broker/withdraw/apply'],
    ['binance', '/sapi/v1/margin/loan-group/transfer-out'],
    ['binance', '/sapi/v1/margin/apiKey/ip'],
    ['binance', '/sapi/v1/mining/hash-transfer/config'],
    ['binance', '/sapi/v1/convert/acceptQuote'],
    ['bybit', '/v5/asset/withdraw/create'],
    ['bybit', '/v5/position/move-positions'],
    ['bybit', '/v5/p2p/order/finish'],
    ['bybit', '/asset/v3/private/transfer/universal-transfer'],
    ['bybit', '/v5/crypto-loan-fixed/supply'],
    ['bybit', '/v5/user/update-api'],
    ['okx', '/api/v5/asset/withdrawal'],
    ['okx', '/api/v5/users/subaccount/apikey'],
    ['okx', '/api/v5/account/move-positions'],
    ['okx', '/api/v5/asset/broker/nd/modify-subaccount-deposit-address'],
    ['okx', '/api/v5/copytrading/first-copy-settings'],
    ['kucoin', '/api/v3/withdrawals'],
    ['kucoin', '/api/ua/v1/account/transfer'],
    ['kraken', '/0/private/Withdraw'],
    ['kraken', '/0/private/WalletTransfer'],
    ['kraken', '/0/private/GetWebSocketsToken'],
    ['kraken', '/derivatives/api/v3/withdrawal'],
    ['coinbase', '/v2/accounts/0a1b/transactions'],
    ['coinbase', '/v2/accounts/0a1b/sells/3c/commit'],
    ['coinbase', '/platform/v2/evm/accounts/0xab/send/transaction'],
    ['bitfinex', '/v2/auth/w/withdraw'],
    ['bitfinex', '/v2/auth/w/ext/wallets/withdrawals/request'],
    ['poloniex', '/wallets/withdraw'],
    ['poloniex', '/subaccounts/transfer'],
  ];
  for (const [venue, path] of paths) {
    it(`of ${venue} at ${path} are signed only where the grant says so by name`, () => {
      const facts = { ...ORDER, path };
      assert.equal(judged({}, facts, venue), 'withdrawals');
      assert.equal(judged({ allow: { paths: ['/', path] } }, facts, venue), 'withdrawals');
      assert.equal(exceeded({}, payload({ venue: facts }, venue)), 'withdrawals');
      assert.equal(judged({ allowWithdrawals: true }, facts, venue), 'OK');
      const deny = { paths: [path] };
      assert.equal(judged({ allowWithdrawals: true, deny }, facts, venue), 'paths');
    });
  }

  it('are not what trades or reads', () => {
    for (const [venue, path] of [
      ['binance', '/api/v3/order'],
      ['binance', '/sapi/v1/capital/withdraw/history'],
      ['binance', '/sapi/v1/margin/order'],
      ['binance', '/sapi/v1/portfolio/account'],
      ['bybit', '/v5/order/create'],
      ['bybit', '/v5/user/query-api'],
      ['bybit', '/v5/asset/exchange/order-record'],
      ['okx', '/api/v5/trade/order'],
      ['kucoin', '/api/v1/orders'],
      ['kraken', '/0/private/WithdrawInfo'],
      ['kraken', '/0/private/AddOrder'],
      ['coinbase', '/api/v3/brokerage/orders'],
      ['coinbase', '/v2/accounts'],
      ['bitfinex', '/v2/auth/w/order/submit'],
      ['poloniex', '/orders'],
      ['a venue that nobody knows', '/withdraw'],
    ] as const) {
      assert.equal(isDangerous(venue, path), false, `${venue} ${path}`);
    }
  });
});

describe('limits on payloads for Ethereum', () => {
  const pay = { chainId: 1n, to: A, value: 5n };
  const call = { ...pay, selector: TRANSFER };
  const creation = { chainId: 1n, to: '', value: 0n };
  const contracts = [{ address: A.toUpperCase().replace('0X', '0x'), selectors: [TRANSFER] }];
  const cases: readonly (readonly [string, object, object, string])[] = [
    ['nothing said', {}, call, 'OK'],
    ['an allowed chain', { chainIds: ['1'] }, pay, 'OK'],
    ['another chain', { chainIds: ['10'] }, pay, 'chain_ids'],
    ['no chain', { chainIds: ['1'] }, { to: A }, 'chain_ids'],
    ['an allowed receiver', { receivers: [A] }, pay, 'OK'],
    ['another receiver', { receivers: [B] }, pay, 'receivers'],
    ['a call to a receiver', { receivers: [A] }, call, 'contracts'],
    ['an allowed call', { contracts }, call, 'OK'],
    ['another call', { contracts }, { ...call, selector: '0x095ea7b3' }, 'contracts'],
    ['the call to another contract', { contracts }, { ...call, to: B }, 'contracts'],
    ['any call', { contracts: [{ address: A, selectors: [] }] }, call, 'OK'],
    ['sending to a contract', { contracts }, pay, 'receivers'],
    ['a new contract', {}, creation, 'OK'],
    ['a new contract where receivers are named', { receivers: [A] }, creation, 'receivers'],
    ['the highest amount', { maxValue: '5' }, pay, 'OK'],
    ['more than that', { maxValue: '4' }, pay, 'max_value'],
  ];
  for (const [name, limits, facts, expected] of cases) {
    it(`say ${expected} for ${name}`, () => {
      const given = payload({ evm: facts }, 'evm_transaction');
      assert.equal(exceeded({ evm: { ...EVM, ...limits } }, given) ?? 'OK', expected);
    });
  }

  const domain = { name: 'USD Coin', verifyingContract: A, chainId: '1' };
  const facts = { domainName: 'USD Coin', verifyingContract: A, chainId: 1n };
  const typed: readonly (readonly [string, object, object, string])[] = [
    ['nothing said', {}, facts, 'OK'],
    ['its domain', { domains: [domain] }, facts, 'OK'],
    [
      'the domain of any',
      { domains: [{ name: '', verifyingContract: '', chainId: '' }] },
      {},
      'OK',
    ],
    ['another name', { domains: [domain] }, { ...facts, domainName: 'Dai' }, 'domains'],
    ['another contract', { domains: [domain] }, { ...facts, verifyingContract: B }, 'domains'],
    ['another chain', { domains: [domain] }, { ...facts, chainId: 10n }, 'domains'],
    ['no domain', { domains: [domain] }, {}, 'domains'],
    ['receivers, and no domain said', { receivers: [A] }, facts, 'domains'],
    ['contracts, and its domain', { contracts, domains: [domain] }, facts, 'OK'],
  ];
  for (const [name, limits, about, expected] of typed) {
    it(`say ${expected} for typed data with ${name}`, () => {
      const given = payload({ evm: about }, 'evm_typed_data');
      assert.equal(exceeded({ evm: { ...EVM, ...limits } }, given) ?? 'OK', expected);
    });
  }
});

describe('limits on messages of Ethereum', () => {
  // It may be the approval of a wallet's transaction: nobody can tell to whom, and where.
  for (const [name, limits, expected] of [
    ['nothing said', {}, 'OK'],
    ['receivers', { receivers: [A] }, 'receivers'],
    ['contracts', { contracts: [{ address: A, selectors: [] }] }, 'receivers'],
    ['chains', { chainIds: ['1'] }, 'chain_ids'],
  ] as const) {
    it(`say ${expected} where there is ${name}`, () => {
      const given = payload({ evm: {} }, 'evm_message');
      assert.equal(exceeded({ evm: { ...EVM, ...limits } }, given) ?? 'OK', expected);
    });
  }
});

describe('other limits', () => {
  it('hold a message for Solana to the programs that are named', () => {
    const limits: Rules = { solana: { programs: ['p1', 'p2'] } };
    const using = (...programs: string[]) => payload({ solana: { programs } }, 'solana_message');

    assert.equal(exceeded(limits, using('p2', 'p1')), undefined);
    assert.equal(exceeded(limits, using('p1', 'p3')), 'programs');
    assert.equal(exceeded(limits, using('P1')), 'programs');
    assert.equal(exceeded({}, using('p3')), undefined);
  });

  it('hold a payload to its size', () => {
    assert.equal(exceeded({ maxPayloadBytes: 10 }, payload({}, 'raw')), undefined);
    assert.equal(exceeded({ maxPayloadBytes: 9 }, payload({}, 'raw')), 'max_payload_bytes');
  });
});

interface Given extends Partial<Venue> {
  readonly allow?: Partial<VenueRules>;
  readonly deny?: Partial<VenueRules>;
}

function judged(
  { allow, deny, allowWithdrawals = false }: Given,
  facts: VenueFacts,
  venue = 'binance',
): Limit | 'OK' {
  const limits = {
    ...{ allow: { ...NONE, ...allow }, deny: { ...NONE, ...deny } },
    allowWithdrawals,
  };
  return exceeded({ venue: limits }, payload({ venue: facts }, venue)) ?? 'OK';
}

function payload(facts: Partial<SignFacts>, scheme: string): SignFacts {
  const operation = facts.venue ? 'venue' : (scheme as SignFacts['operation']);
  return { operation, scheme, bytes: 10, ...facts };
}
