import assert from 'node:assert/strict';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { systemIds } from '@ramet/service';
import { signerOf } from './ethereum.js';
import { signText } from './test-signer.js';

/**
 * From the documentation of web3.js 1.2.2, `web3.eth.accounts.sign`, as other libraries quote it (looked
 * up on 2026-11-29): a text, its signature, and who signed it.
 */
const WEB3 = {
  text: 'Some data',
  signature:
    'b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd' +
    '6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c',
  address: '0x2c7536e3605d9c16a7a3d7b1898e529396a65c23',
};
const SIGNATURE = Buffer.from(WEB3.signature, 'hex');
const ORDER = secp256k1.Point.Fn.ORDER;

describe('the signer of a text', () => {
  it('is who signed it, as web3.js documents', () => {
    assert.equal(signerOf(WEB3.text, SIGNATURE), WEB3.address);
  });

  it('is the same where v is written as 0 or 1', () => {
    assert.equal(signerOf(WEB3.text, withV(1)), WEB3.address);
  });

  it('is somebody else for any other text', () => {
    for (const text of ['some data', 'Some data ', 'Some dat', '', 'Some data\0']) {
      assert.notEqual(signerOf(text, SIGNATURE), WEB3.address);
    }
  });

  it('is who made the signature, whatever the text', () => {
    for (const text of ['', 'x', 'ä\u{1f600}', 'a\nb', 'x'.repeat(10_000)]) {
      const key = systemIds.bytes(32);
      const { address, signature } = signText(key, text);
      assert.equal(signerOf(text, signature), address);
    }
  });

  const malformed: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array()],
    ['a signature that is cut', SIGNATURE.subarray(0, 64)],
    ['a signature with more behind it', Buffer.concat([SIGNATURE, Buffer.alloc(1)])],
    ['another v', withV(2)],
    ['a v of a chain (EIP-155)', withV(37)],
    ['the largest v', withV(255)],
    ['r and s of 0', Buffer.concat([Buffer.alloc(64), Buffer.from([27])])],
    ['r and s beyond the order', Buffer.concat([Buffer.alloc(64, 0xff), Buffer.from([27])])],
    ['the same signature with its other s', withHighS()],
  ];
  for (const [what, signature] of malformed) {
    it(`is nobody for ${what}`, () => assert.equal(signerOf(WEB3.text, signature), undefined));
  }

  it('is never that of another one, whatever bit of a signature has changed', () => {
    for (let bit = 0; bit < SIGNATURE.length * 8; bit += 1) {
      const changed = Buffer.from(SIGNATURE);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.notEqual(signerOf(WEB3.text, changed), WEB3.address);
    }
  });

  it('is found or not, and never throws, for whatever bytes', () => {
    for (let round = 0; round < 300; round += 1) {
      const signer = signerOf('x', systemIds.bytes(round % 70));
      assert.ok(signer === undefined || /^0x[0-9a-f]{40}$/.test(signer));
    }
  });
});

function withV(v: number): Buffer {
  return Buffer.concat([SIGNATURE.subarray(0, 64), Buffer.from([v])]);
}

function withHighS(): Buffer {
  const s = BigInt(`0x${SIGNATURE.subarray(32, 64).toString('hex')}`);
  const high = (ORDER - s).toString(16).padStart(64, '0');
  return Buffer.concat([SIGNATURE.subarray(0, 32), Buffer.from(high, 'hex'), Buffer.from([27])]);
}
