// Vectors, read 2026-11-29:
// - EIP-155: the example of the EIP itself, https://eips.ethereum.org/EIPS/eip-155
// - EIP-2930: github.com/INFURA/go-ethlibs, eth/transaction_signing_test.go, as ethereumjs has it in
//   packages/tx/test/typedTxsAndEIP2930.spec.ts
// - EIP-1559: github.com/ethereumjs/ethereumjs-monorepo, packages/tx/test/json/eip1559.json
// What stands against micro-eth-signer is a comparison of two encoders, not a published vector.
import assert from 'node:assert/strict';
import { below, oneOf, randomBytes, seeded } from '@ramet/test/random';
import { Transaction } from 'micro-eth-signer';
import { secp256k1Key, signed } from '../../support/schemes.js';

import { exceeded } from '../limits.js';
import { addressOf } from './evm-address.js';
import {
  draftTransaction,
  type EvmTransaction,
  factsOfTransaction,
  problemsOfTransaction,
} from './evm-transaction.js';

const PLAIN: EvmTransaction = {
  ...{ chainId: 1n, nonce: 0n, gasLimit: 21_000n, value: '', data: Buffer.alloc(0) },
  to: '0x3535353535353535353535353535353535353535',
  fee: { kind: 'gas_price', gasPrice: '0' },
  accessList: [],
};

const VECTORS: readonly {
  readonly name: string;
  readonly secret: string;
  readonly transaction: Partial<EvmTransaction>;
  readonly raw: string;
  readonly hash?: string;
}[] = [
  {
    name: 'EIP-155',
    secret: '46'.repeat(32),
    transaction: {
      ...{ nonce: 9n, value: '1000000000000000000' },
      fee: { kind: 'gas_price', gasPrice: '20000000000' },
    },
    raw:
      'f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080' +
      '25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276' +
      'a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
  },
  {
    name: 'EIP-2930',
    secret: 'fad9c8855b740a0b7ed4c221dbad0f33a83a49cad6b3fe8d5817ac83d38b6a19',
    transaction: {
      ...{ chainId: 0x796f6c6f763378n, gasLimit: 0x62d4n, value: '1' },
      to: '0xdf0a88b2b68c673713a8ec826003676f272e3573',
      fee: { kind: 'gas_price', gasPrice: '1000000000' },
      accessList: [
        {
          address: '0x0000000000000000000000000000000000001337',
          storageKeys: [Buffer.alloc(32)],
        },
      ],
    },
    raw:
      '01f8a587796f6c6f76337880843b9aca008262d494df0a88b2b68c673713a8ec826003676f272e3573' +
      '0180f838f7940000000000000000000000000000000000001337e1a0' +
      '0000000000000000000000000000000000000000000000000000000000000000' +
      '80a0294ac94077b35057971e6b4b06dfdf55a6fbed819133a6c1d31e187f1bca938d' +
      'a00be950468ba1c25a5cb50e9f6d8aa13c8cd21f24ba909402775b262ac76d374d',
    hash: 'bbd570a3c6acc9bb7da0d5c0322fe4ea2a300db80226f7df4fef39b2d6649eec',
  },
  ...(
    [
      [
        { nonce: 819n, value: '43203529', gasLimit: 35_552n },
        ['121212', '75853'],
        '02f870821e8e8203338301284d8301d97c828ae094000000000000000000000000000000000000aaaa' +
          '8402933bc980c080a0d067f2167008c59219652f91cbf8788dbca5f771f6e91e2b7657e85b78b472e0' +
          'a01d305af9fe81fdba43f0dfcd400ed24dcace0a7e30d4e85701dcaaf484cd079e',
      ],
      [
        { nonce: 353n, value: '61901619', gasLimit: 32_593n },
        ['136295', '38850'],
        '02f86f821e8e8201618297c283021467827f5194000000000000000000000000000000000000aaaa' +
          '8403b08b3380c001a004205678f13fc1d7b10feea6513dfa76e24418b6e08097d95c6f93a3b64e536d' +
          'a01d45ad61bfece43862de2cce7d2575a8c1d08c26c87f3cb5f26d7b0be54a91b2',
      ],
      [
        { nonce: 939n, value: '2782905', gasLimit: 45_047n },
        ['91648', '45216'],
        '02f86e821e8e8203ab82b0a08301660082aff794000000000000000000000000000000000000aaaa' +
          '832a76b980c001a0a0e7d9b07c7ec68f24788a554f993b99d59a3f08439cc6c942f62ea0341f2aeb' +
          'a078122b9957c146f7c87811bd58a7e9916ca8c07dabcf875b97bbdef79cb9c197',
      ],
    ] as const
  ).map(([rest, [maxFee, maxPriorityFee], raw]) => ({
    name: `EIP-1559, nonce ${rest.nonce}`,
    secret: '8f2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63',
    transaction: {
      ...{ ...rest, chainId: 0x1e8en, to: '0x000000000000000000000000000000000000aaaa' },
      fee: { kind: 'dynamic' as const, maxFee, maxPriorityFee },
    },
    raw,
  })),
];

describe('an Ethereum transaction', () => {
  for (const { name, secret, transaction, raw, hash } of VECTORS) {
    it(`is signed as in the vector of ${name}`, async () => {
      const key = secp256k1Key(secret);

      const { evmTransaction } = await signed(
        key,
        draftTransaction({ ...PLAIN, ...transaction }, key),
      );

      assert.equal(evmTransaction?.rawTransaction.toString('hex'), raw);
      if (hash) assert.equal(evmTransaction?.hash.toString('hex'), hash);
    });
  }

  it("comes from the key's address", async () => {
    const key = secp256k1Key('46'.repeat(32));

    assert.equal(addressOf(key.publicKey), '0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F');
  });

  it('is encoded as another library encodes it, whatever is in it', async () => {
    const random = seeded(155);
    const key = secp256k1Key('11'.repeat(32));
    for (let round = 0; round < 40; round += 1) {
      const transaction = randomTransaction(random);

      const { evmTransaction } = await signed(key, draftTransaction(transaction, key));

      const raw = `0x${evmTransaction?.rawTransaction.toString('hex')}`;
      const read = Transaction.fromHex(raw, false);
      assert.equal(read.toHex({ includeSignature: true }), raw);
      assert.equal(read.sender, evmTransaction?.sender);
      assert.equal(read.hash.replace('0x', ''), evmTransaction?.hash.toString('hex'));
      assert.equal(read.raw.nonce, transaction.nonce);
      assert.equal(read.raw.value, BigInt(transaction.value || 0));
    }
  });

  it('tells what limits bind on', () => {
    const data = Buffer.from('a9059cbb00', 'hex');
    const to = '0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F';

    assert.deepEqual(factsOfTransaction({ ...PLAIN, to, data, value: '7' }), {
      ...{ chainId: 1n, to: to.toLowerCase(), value: 7n, selector: '0xa9059cbb' },
    });
    assert.deepEqual(factsOfTransaction({ ...PLAIN, to: '', data }), {
      ...{ chainId: 1n, to: '', value: 0n },
    });
  });

  const accessList = [{ address: `0x${'1'.repeat(40)}`, storageKeys: [Buffer.alloc(32)] }];
  const legacy = (gasPrice: string) => ({ fee: { kind: 'gas_price', gasPrice } }) as const;
  const dynamic = (maxFee: string, maxPriorityFee: string) =>
    ({ fee: { kind: 'dynamic', maxFee, maxPriorityFee } }) as const;
  const costs: readonly (readonly [string, Partial<EvmTransaction>, bigint])[] = [
    ['EIP-155', { ...legacy('20'), value: '7', gasLimit: 100n }, 2_007n],
    ['EIP-155, sending nothing', { ...legacy('20'), gasLimit: 100n }, 2_000n],
    ['EIP-2930', { ...legacy('20'), accessList, value: '7', gasLimit: 100n }, 2_007n],
    ['EIP-1559, at its max fee', { ...dynamic('30', '1'), value: '7', gasLimit: 100n }, 3_007n],
    [
      'EIP-1559, with no limit that a balance has',
      {
        ...dynamic(`${2n ** 255n}`, '0'),
        gasLimit: 2n ** 62n,
      },
      2n ** 317n,
    ],
  ];
  for (const [type, transaction, cost] of costs) {
    it(`costs what it sends and the gas that it may burn: of ${type}`, () => {
      const facts = factsOfTransaction({ ...PLAIN, ...transaction });
      assert.equal(facts.value, cost);

      const evm = { chainIds: [], receivers: [], contracts: [], domains: [] };
      const judged = (maxValue: bigint) =>
        exceeded(
          { evm: { ...evm, maxValue: `${maxValue}` } },
          { operation: 'evm_transaction', scheme: 'evm_transaction', bytes: 1, evm: facts },
        );
      assert.equal(judged(cost), undefined);
      assert.equal(judged(cost - 1n), 'max_value');
    });
  }

  const refused: readonly (readonly [Partial<EvmTransaction>, string])[] = [
    [{ to: '0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4f' }, 'evm_transaction.to'],
    [{ to: '' }, 'evm_transaction.data'],
    [{ value: `${2n ** 256n}` }, 'evm_transaction.value'],
    [{ fee: { kind: 'gas_price', gasPrice: `${2n ** 256n}` } }, 'evm_transaction.gas_price'],
    [
      { fee: { kind: 'dynamic', maxFee: '1', maxPriorityFee: '2' } },
      'evm_transaction.dynamic_fee.max_priority_fee',
    ],
    [
      { accessList: [{ address: '0x9D', storageKeys: [] }] },
      'evm_transaction.access_list[0].address',
    ],
  ];
  for (const [parts, field] of refused) {
    it(`is refused for what is wrong with ${field}`, () => {
      const fields = problemsOfTransaction({ ...PLAIN, ...parts }).map((each) => each.field);
      assert.deepEqual(fields, [field]);
    });
  }
});

function randomTransaction(random: () => number): EvmTransaction {
  const amount = () => `${BigInt(`0x0${randomBytes(random, below(random, 12)).toString('hex')}`)}`;
  const address = () => `0x${randomBytes(random, 20).toString('hex')}`;
  const fee: EvmTransaction['fee'] = oneOf(random, [
    { kind: 'gas_price', gasPrice: amount() },
    { kind: 'dynamic', maxFee: `${2n ** 100n}`, maxPriorityFee: amount() },
  ]);
  const accessList = Array.from({ length: below(random, 3) }, () => ({
    address: address(),
    storageKeys: Array.from({ length: below(random, 3) }, () => randomBytes(random, 32)),
  }));
  return {
    chainId: BigInt(1 + below(random, 100_000)),
    nonce: BigInt(below(random, 300)),
    gasLimit: BigInt(21_000 + below(random, 1_000_000)),
    ...{ to: address(), value: amount(), fee, accessList },
    data: randomBytes(random, below(random, 100)),
  };
}
