// Vectors, read 2026-11-29: the legacy message is that of TransferMessageData in
// github.com/trustwallet/wallet-core, tests/chains/Solana/TransactionTests.cpp. The message of version
// 0 we derived ourselves, from the layout in https://solana.com/docs/core/transactions: the
// library's published examples of it are too long to be read by a person.
import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { fieldsOf, keyOf, signed } from '../../support/schemes.js';
import { base58 } from './base58.js';
import { draftSolanaMessage, requireSolanaSigner } from './solana.js';
import { readSolanaMessage } from './solana-message.js';

const TRANSFER = Buffer.from(
  '0100010353f9d600fe925083bb399907ea648d23a6a081fc7e9059202fd725f7edd281dd3cc1ff9ba3c7a876c8' +
    '082df2f8a36ea9342ce3819dd4b6fa72d4a18e04a5363a00000000000000000000000000000000000000000000' +
    '000000000000000000000000000000000000000000000000000000000000000000000000000000000000010202' +
    '00010c020000002a00000000000000',
  'hex',
);
const SYSTEM = '11111111111111111111111111111111';

describe('a Solana message', () => {
  it('tells its signers and programs', () => {
    assert.deepEqual(readSolanaMessage(TRANSFER), {
      signers: ['6eoo7i1khGhVm8tLBMAdq4ax2FxkKP4G7mCcfHyr3STN'],
      programs: [SYSTEM],
    });
  });

  it('of version 0 may look accounts up, but not programs', () => {
    const looked = versioned({ program: 2, accounts: [0, 3], writable: [7] });

    assert.deepEqual(readSolanaMessage(looked)?.programs, [SYSTEM]);
    assert.equal(
      readSolanaMessage(versioned({ program: 3, accounts: [0], writable: [7] })),
      undefined,
    );
    assert.equal(
      readSolanaMessage(versioned({ program: 2, accounts: [4], writable: [7] })),
      undefined,
    );
  });

  const wrong: readonly (readonly [string, Buffer])[] = [
    ['with bytes after it', Buffer.concat([TRANSFER, Buffer.alloc(1)])],
    ['cut short', TRANSFER.subarray(0, -1)],
    ['without a signer', withByte(0, 0)],
    ['with more read-only signers than signers', withByte(1, 1)],
    ['with more signers than keys', withByte(0, 4)],
    ['that calls who pays', withByte(TRANSFER.length - 17, 0)],
    ['with a size that is longer than it must be', lengthened()],
    ['of an unknown version', Buffer.concat([Buffer.from([0x81]), TRANSFER, Buffer.alloc(1)])],
    ['with nothing in it', Buffer.alloc(0)],
  ];
  for (const [name, bytes] of wrong) {
    it(`is none ${name}`, () => {
      assert.equal(readSolanaMessage(bytes), undefined);
    });
  }

  it('is signed as it is, by a key among its signers', async () => {
    const key = keyOf('ed25519', Buffer.alloc(32, 7));
    const message = Buffer.from(TRANSFER);
    key.publicKey.copy(message, 4, key.publicKey.length - 32);

    requireSolanaSigner(message, key);
    const { signature } = await signed(key, draftSolanaMessage(message));

    assert.ok(key.opened.publicKey);
    assert.ok(verify(null, message, key.opened.publicKey, signature));
  });

  it('is refused by another key', () => {
    const key = keyOf('ed25519', Buffer.alloc(32, 7));
    assert.deepEqual(
      fieldsOf(() => requireSolanaSigner(TRANSFER, key)),
      ['solana_message'],
    );
  });
});

describe('base58', () => {
  // The vectors of draft-msporny-base58-03, section 5.
  it('is that of the draft', () => {
    assert.equal(base58(Buffer.from('Hello World!')), '2NEpo7TZRRrLZSi2U');
    assert.equal(base58(Buffer.from('0000287fb4cd', 'hex')), '11233QC4');
    assert.equal(base58(Buffer.alloc(0)), '');
  });
});

function withByte(at: number, byte: number): Buffer {
  const bytes = Buffer.from(TRANSFER);
  bytes[at] = byte;
  return bytes;
}

/** The same message, with the number of keys as two bytes. */
function lengthened(): Buffer {
  return Buffer.concat([TRANSFER.subarray(0, 3), Buffer.from([0x83, 0]), TRANSFER.subarray(4)]);
}

function versioned(parts: { program: number; accounts: number[]; writable: number[] }): Buffer {
  const { program, accounts, writable } = parts;
  return Buffer.concat([
    Buffer.from([0x80]),
    TRANSFER.subarray(0, 132),
    Buffer.from([1, program, accounts.length, ...accounts, 1, 9]),
    Buffer.from([1, ...Buffer.alloc(32, 5), writable.length, ...writable, 0]),
  ]);
}
