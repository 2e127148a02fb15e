// Vectors, read 2026-11-29:
// - EIP-191: the example of web3.js, https://docs.web3js.org, `web3.eth.accounts.sign`
// - EIP-712: "Mail" of the EIP itself, https://eips.ethereum.org/EIPS/eip-712, its Example.js at 68b7c48
//   of github.com/ethereum/EIPs; the key is the Keccak-256 of "cow". It has no arrays: those are of
//   "signedTypeData_v4" in test/index.ts of github.com/MetaMask/eth-sig-util, as other libraries'
//   tests quote it
// What stands against micro-eth-signer is a comparison of two encoders, not a published vector.
import assert from 'node:assert/strict';
import { verifyTyped } from 'micro-eth-signer';
import { fieldsOf, secp256k1Key, signed } from '../../support/schemes.js';
import { addressOf, keccak256 } from './evm-address.js';
import { draftMessage } from './evm-message.js';
import { readTypedData } from './evm-typed-data.js';

const PERSON = [
  { name: 'name', type: 'string' },
  { name: 'wallet', type: 'address' },
];

const MAIL = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: PERSON,
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    ...{ name: 'Ether Mail', version: '1', chainId: 1 },
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};

describe('a message of Ethereum', () => {
  it('is signed as in the example of web3.js', async () => {
    const key = secp256k1Key('4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318');

    const { signature } = await signed(key, draftMessage(Buffer.from('Some data')));

    assert.equal(
      signature.toString('hex'),
      'b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd' +
        '6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c',
    );
  });
});

describe('typed data', () => {
  it('is signed as in the example of EIP-712', async () => {
    const key = secp256k1Key(keccak256(Buffer.from('cow')).toString('hex'));
    const { draft, facts } = readTypedData(JSON.stringify(MAIL));

    const { signature } = await signed(key, draft());

    assert.equal(
      keccak256(draft().toSign.bytes).toString('hex'),
      'be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2',
    );
    assert.equal(
      signature.toString('hex'),
      '4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d' +
        '07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c',
    );
    assert.deepEqual(facts, {
      ...{ chainId: 1n, domainName: 'Ether Mail' },
      verifyingContract: '0xcccccccccccccccccccccccccccccccccccccccc',
    });
  });

  it('is signed as in the example of eth_signTypedData_v4, with arrays', async () => {
    const key = secp256k1Key(keccak256(Buffer.from('cow')).toString('hex'));
    const wallets = { name: 'wallets', type: 'address[]' };
    const types = {
      EIP712Domain: MAIL.types.EIP712Domain,
      Person: [{ name: 'name', type: 'string' }, wallets],
      Mail: [
        { name: 'from', type: 'Person' },
        { name: 'to', type: 'Person[]' },
        { name: 'contents', type: 'string' },
      ],
      Group: [
        { name: 'name', type: 'string' },
        { name: 'members', type: 'Person[]' },
      ],
    };
    const cow = {
      name: 'Cow',
      wallets: [
        '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826',
        '0xDeaDbeefdEAdbeefdEadbEEFdeadbeEFdEaDbeeF',
      ],
    };
    const bob = {
      name: 'Bob',
      wallets: [
        '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB',
        '0xB0BdaBea57B0BDABeA57b0bdABEA57b0BDabEa57',
        '0xB0B0b0b0b0b0B000000000000000000000000000',
      ],
    };
    const message = { from: cow, to: [bob], contents: 'Hello, Bob!' };
    const { draft } = readTypedData(JSON.stringify({ ...MAIL, types, message }));

    const { signature } = await signed(key, draft());

    assert.equal(
      keccak256(draft().toSign.bytes).toString('hex'),
      'a85c2e2b118698e88db68a8105b794a8cc7cec074e89ef991cb4f5f533819cc2',
    );
    assert.equal(
      signature.toString('hex'),
      '65cbd956f2fae28a601bebc9b906cea0191744bd4c4247bcd27cd08f8eb6b71c' +
        '78efdf7a31dc9abee78f492292721f362d296cf86b4538e07b51303b67f749061b',
    );
  });

  it('needs no type for its domain', () => {
    const { EIP712Domain: _, ...types } = MAIL.types;

    assert.deepEqual(digestOf({ ...MAIL, types }), digestOf(MAIL));
  });

  it('takes numbers of any size as they are written', () => {
    const big = `${2n ** 200n + 1n}`;
    const typed = (value: string) =>
      `{"types":{"A":[{"name":"n","type":"uint256"}]},"primaryType":"A","domain":{},"message":{"n":${value}}}`;

    const digest = (json: string) => readTypedData(json).draft().toSign.bytes;
    assert.deepEqual(digest(typed(big)), digest(typed(`"${big}"`)));
    assert.deepEqual(digest(typed(big)), digest(typed(`"0x${BigInt(big).toString(16)}"`)));
    assert.notDeepEqual(digest(typed(big)), digest(typed(`${2n ** 200n}`)));
  });

  it('is understood by another library as it is by us', async () => {
    const types = {
      Part: [
        { name: 'id', type: 'bytes4' },
        { name: 'tags', type: 'string[]' },
        { name: 'grid', type: 'int16[2][]' },
      ],
      Order: [
        { name: 'parts', type: 'Part[]' },
        { name: 'blob', type: 'bytes' },
        { name: 'paid', type: 'bool' },
        { name: 'at', type: 'uint64' },
      ],
    } as const;
    const contract = `0x${'07'.repeat(20)}`;
    const domain = { name: 'x', version: '2', chainId: 5n, verifyingContract: contract };
    const parts = [
      {
        id: Uint8Array.of(1, 2, 3, 4),
        tags: ['a', 'ü'],
        grid: [pair(-1n, 2n), pair(3n, -32_768n)],
      },
      { id: Uint8Array.of(255, 255, 255, 255), tags: [], grid: [] },
    ];
    const message = { parts, blob: Uint8Array.of(0, 17), paid: true, at: 7n };
    const domainType = [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ] as const;
    const typed = {
      ...{ types: { ...types, EIP712Domain: domainType }, primaryType: 'Order' as const },
      ...{ domain, message },
    };
    const key = secp256k1Key('22'.repeat(32));

    const { signature } = await signed(key, readTypedData(jsonOf(typed)).draft());

    const hex = `0x${signature.toString('hex')}`;
    assert.ok(verifyTyped(hex, typed, addressOf(key.publicKey)));
  });

  const field = 'evm_typed_data';
  const person = { ...MAIL, primaryType: 'Person', message: MAIL.message.from };
  const refused: readonly (readonly [string, object, string])[] = [
    [
      'a member that no type has',
      { ...person, message: { ...person.message, x: 1 } },
      `${field}.message`,
    ],
    [
      'a member that is missing',
      { ...person, message: { name: 'Cow' } },
      `${field}.message.wallet`,
    ],
    [
      'an address with a wrong checksum',
      { ...person, message: { name: 'Cow', wallet: MAIL.message.from.wallet.replace('D8', 'd8') } },
      `${field}.message.wallet`,
    ],
    ['a type that is not there', { ...MAIL, primaryType: 'Letter' }, `${field}.primaryType`],
    ['no domain', { ...MAIL, domain: undefined }, `${field}.domain`],
    ['more than belongs there', { ...MAIL, more: 1 }, field],
    [
      'a field of an unknown type',
      { ...MAIL, types: { ...MAIL.types, Person: [{ name: 'name', type: 'uint7' }] } },
      `${field}.types.Person.name`,
    ],
    [
      'a domain with members of its own',
      {
        ...MAIL,
        types: { ...MAIL.types, EIP712Domain: [{ name: 'chainId', type: 'string' }] },
      },
      `${field}.types.EIP712Domain`,
    ],
    [
      'a type that has the name of an atom',
      { ...MAIL, types: { ...MAIL.types, address: PERSON } },
      `${field}.types`,
    ],
  ];
  for (const [name, typedData, expected] of refused) {
    it(`is refused for ${name}`, () => {
      assert.deepEqual(
        fieldsOf(() => readTypedData(JSON.stringify(typedData))),
        [expected],
      );
    });
  }

  it('is refused when it is deeper than anything needs', () => {
    const types = { Node: [{ name: 'next', type: 'Node[]' }] };
    let message: object = { next: [] };
    for (let depth = 0; depth < 12; depth += 1) message = { next: [message] };

    const fields = fieldsOf(() =>
      readTypedData(JSON.stringify({ types, primaryType: 'Node', domain: {}, message })),
    );

    assert.equal(fields.length, 1);
    assert.match(fields[0] ?? '', /^evm_typed_data\.message\.next/);
  });

  it('is refused for a name that stands twice, as readers differ in which they take', () => {
    const twice = JSON.stringify(MAIL).replace(
      '"contents":"Hello',
      '"contents":"Bye","contents":"Hello',
    );
    assert.deepEqual(
      fieldsOf(() => readTypedData(twice)),
      [field],
    );
  });
});

function digestOf(typedData: object): Buffer {
  return readTypedData(jsonOf(typedData)).draft().toSign.bytes;
}

function jsonOf(typedData: object): string {
  return JSON.stringify(typedData, (_, value) => {
    if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
    return typeof value === 'bigint' ? `${value}` : value;
  });
}

function pair(one: bigint, other: bigint): [bigint, bigint] {
  return [one, other];
}
