// Goal: what keys are written in (DER, PEM, base64) has one reading or none, a claim is the key's own
// or refused by name, and key-encryption keys are whole. In no more time than their size asks for.
// Method: seeded dice, with OpenSSL's and Node's own readers beside ours; the largest that may come.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { PublicError } from '@ramet/errors';
import { below, mutated, oneOf, type Random, randomBytes, seeded } from '@ramet/test/random';
import { keksOf } from '../sealing/kek-provider.js';
import { importSecret, joinCredential, splitCredential } from './credential.js';
import { readValues, writeInteger, writeValue } from './der.js';
import { importMaterial } from './material.js';
import { decodeBase64, decodePem, encodeBase64 } from './pem.js';

const ROUNDS = 2_000;
/** The largest secret of the contract. */
const MOST_BYTES = 4_096;
const LATE_MS = 250;

describe('DER', () => {
  it('is read as it was written, and nothing else is read', () => {
    const random = seeded(690);
    for (let round = 0; round < ROUNDS; round += 1) {
      const bytes = Buffer.concat([valueIn(random, 4), valueIn(random, 3)]);
      assert.deepEqual(rewritten(bytes), bytes);
      const other = mutated(random, bytes);
      const read = rewritten(other);
      if (read) assert.deepEqual(read, other);
    }
  });

  it('has the integers of Node, and no second way to write one', () => {
    const random = seeded(2);
    for (let round = 0; round < 200; round += 1) {
      const number = randomBytes(random, 1 + below(random, 40));
      const [integer, ...more] = readValues(writeInteger(number)) ?? [];
      assert.ok(integer && more.length === 0);
      assert.equal(
        BigInt(`0x${integer.content.toString('hex')}`),
        BigInt(`0x${number.toString('hex')}`),
      );
    }
  });
});

describe('base64 and PEM', () => {
  it('are read as Node reads them, where they are written as Node writes them', () => {
    const random = seeded(7_468);
    for (let round = 0; round < ROUNDS; round += 1) {
      const bytes = randomBytes(random, 1 + below(random, 99));
      const text = bytes.toString('base64');
      assert.deepEqual(decodeBase64(Buffer.from(text)), bytes);
      assert.equal(encodeBase64(bytes).toString(), bytes.toString('base64'));
      assert.deepEqual(decodePem(pemOf(text), 'PRIVATE KEY'), bytes);
      const other = mutated(random, Buffer.from(text)).toString('latin1');
      const read = decodeBase64(Buffer.from(other, 'latin1'));
      if (read) assert.equal(read.toString('base64'), other.replaceAll(/[\r\n]/g, ''));
      const framed = decodePem(mutated(random, pemOf(text)), 'PRIVATE KEY');
      if (framed) assert.ok(framed.length < bytes.length + 20);
    }
  });
});

describe('a claimed public key', () => {
  const pairs = [
    ['ed25519', generateKeyPairSync('ed25519')],
    ['ecdsa_p256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ecdsa_secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['rsa_pss_sha256', generateKeyPairSync('rsa', { modulusLength: 2_048 })],
  ] as const;
  for (const [algorithm, { publicKey, privateKey }] of pairs) {
    it(`of ${algorithm} is refused by its field once any of it has changed`, () => {
      const random = seeded(29);
      const secret = privateKey.export({ type: 'pkcs8', format: 'der' });
      for (const format of ['der', 'pem'] as const) {
        const claim = Buffer.from(publicKey.export({ type: 'spki', format: format as 'der' }));
        importMaterial(algorithm, secret, claim);
        for (let round = 0; round < 60; round += 1) {
          const other = mutated(random, claim);
          const field = refusedFor(() => importMaterial(algorithm, secret, other));
          const isSame = other.equals(claim) || (format === 'pem' && isSameText(other, claim));
          if (!isSame && other.length > 0) assert.equal(field, 'claimed_public_key');
        }
      }
    });
  }
});

describe('a secret as its venue writes it', () => {
  it('is taken, or refused by its field', () => {
    const random = seeded(64);
    for (let round = 0; round < ROUNDS; round += 1) {
      const [venue, algorithm] = oneOf(random, [
        ['kraken', 'hmac_sha512'],
        ['coinbase', 'ed25519'],
        ['coinbase', 'ecdsa_p256'],
        ['binance', 'hmac_sha256'],
      ] as const);
      const secret = mutated(random, Buffer.from(randomBytes(random, 64).toString('base64')));
      const claimedPublicKey = Buffer.alloc(0);
      const field = refusedFor(() => importSecret({ venue, algorithm, secret, claimedPublicKey }));
      assert.ok(field === undefined || field === 'secret', field);
    }
  });

  it('is found again with its passphrase, which is any that fits a header', () => {
    const random = seeded(86);
    for (let round = 0; round < ROUNDS; round += 1) {
      const secret = randomBytes(random, 1 + below(random, 99));
      const passphrase = randomBytes(random, 1 + below(random, 5));
      const field = refusedFor(() => {
        const joined = joinCredential('okx', secret, passphrase);
        const split = splitCredential('okx', joined);
        assert.deepEqual(split.secret, secret);
        assert.deepEqual(split.passphrase, passphrase);
      });
      const fits = /^[!-~]([ -~]*[!-~])?$/.test(passphrase.toString('latin1'));
      assert.equal(field, fits ? undefined : 'passphrase');
    }
  });

  it('takes no longer for its size, whatever it is made of', () => {
    const rsa = pairOf(2_048).export({ type: 'pkcs1', format: 'der' });
    const largest = [
      ...[0x00, 0x30, 0x2b, 0x3d, 0x41, 0x80, 0xff].map((byte) => Buffer.alloc(MOST_BYTES, byte)),
      Buffer.concat([Buffer.from('-----BEGIN PRIVATE KEY-----'), Buffer.alloc(4_000, '\n')]),
      Buffer.from('3080'.repeat(MOST_BYTES / 2), 'hex'),
      Buffer.from('30820ffc'.repeat(MOST_BYTES / 4), 'hex'),
      Buffer.concat([rsa, Buffer.alloc(MOST_BYTES - rsa.length)]),
    ];
    for (const algorithm of ['ed25519', 'ecdsa_secp256k1', 'rsa_pkcs1_sha256'] as const) {
      for (const secret of largest) {
        const start = performance.now();
        assert.equal(
          refusedFor(() => importMaterial(algorithm, secret)),
          'secret',
        );
        const ms = performance.now() - start;
        assert.ok(ms < LATE_MS, `${algorithm} took ${ms} ms`);
      }
    }
  });
});

describe('key-encryption keys', () => {
  it('are whole, no more than sixteen and each once, or nothing is read', () => {
    const random = seeded(16);
    for (let size = 0; size <= 17 * 32; size += 1) {
      const isWhole = size > 0 && size % 32 === 0 && size <= 16 * 32;
      const bytes = randomBytes(random, size);
      if (isWhole) assert.equal(keksOf(bytes).length, size / 32);
      else assert.throws(() => keksOf(bytes), /must be 1 to 16 keys of 32 bytes, not/);
      assert.ok(
        bytes.every((byte) => byte === 0),
        'what was read is zeroed',
      );
    }
    const one = randomBytes(random, 32);
    assert.throws(() => keksOf(Buffer.concat([one, one])), /has a key twice/);
  });
});

/** A value with values or noise in it. */
function valueIn(random: Random, depth: number): Buffer {
  if (depth === 0 || random() < 0.4) {
    const size = oneOf(random, [0, 1, 32, 127, 128, 255, 256, 300]);
    return writeValue(oneOf(random, [0x02, 0x03, 0x04, 0x81]), randomBytes(random, size));
  }
  const parts = Array.from({ length: below(random, 4) }, () => valueIn(random, depth - 1));
  return writeValue(oneOf(random, [0x30, 0xa0]), ...parts);
}

function rewritten(bytes: Buffer): Buffer | undefined {
  const values = readValues(bytes);
  return values && Buffer.concat(values.map(({ tag, content }) => writeValue(tag, content)));
}

function refusedFor(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError, String(thrown));
    return thrown.violations[0]?.field;
  }
}

/** Line ends are no part of what PEM says. */
function isSameText(one: Buffer, other: Buffer): boolean {
  const plain = (bytes: Buffer) => bytes.toString('latin1').replaceAll(/[\r\n]/g, '');
  return plain(one) === plain(other);
}

function pemOf(base64: string): Buffer {
  return Buffer.from(`-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`);
}

function pairOf(modulusLength: number) {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey;
}
