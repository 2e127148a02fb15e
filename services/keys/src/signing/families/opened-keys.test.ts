// Goal: T20, T24. The library that signs is the one that was chosen, and what is kept in memory of a
// key shows nothing of it to whoever prints it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { systemClock, systemIds } from '@ramet/service';
import { isPoint } from 'tiny-secp256k1';
import { ALGORITHMS, type Algorithm } from '../../domain/algorithm.js';
import { keepPassphrase } from '../credential.js';
import { generateMaterial, openMaterial } from '../material.js';
import { SigningKeys } from '../signing-keys.js';

const LOCK = new URL('../../../../../package-lock.json', import.meta.url);
const PASSPHRASE = Buffer.from('canary-passphrase');
const GRANTEE = { cloneId: 'cln_1', executionId: 'exe_1', epoch: 1 };

describe('T20: what signs over secp256k1', () => {
  it('is libsecp256k1, and no library in the tree does it in JavaScript', () => {
    const lock = JSON.parse(readFileSync(LOCK, 'utf8')) as { packages: Record<string, unknown> };
    const names = Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1));
    assert.ok(names.includes('tiny-secp256k1'));
    for (const banned of ['elliptic', 'secp256k1']) assert.ok(!names.includes(banned), banned);
  });

  it('takes no point that is not on the curve', () => {
    const off = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]);
    assert.equal(isPoint(off), false);
  });
});

describe('T24: an opened key', () => {
  for (const algorithm of Object.keys(ALGORITHMS) as readonly Algorithm[]) {
    it(`of ${algorithm} shows nothing of its secret, nor does what keeps it`, async () => {
      const { secret } = await generateMaterial(algorithm, { ids: systemIds, rsaBits: 2_048 });
      const opened = openMaterial(algorithm, secret);
      const rest = {
        algorithm,
        venue: '',
        venueKeyId: '',
        passphrase: keepPassphrase(PASSPHRASE),
        retireAt: null,
        version: 1,
        ownerId: 'usr_1',
        rules: {},
      };
      const publicKey = Buffer.alloc(0);
      using keys = new SigningKeys({
        load: async (_, id) => {
          return { id, grantId: 'gra_1', opened, publicKey, operations: ['raw'], ...rest };
        },
        clock: systemClock,
      });
      const key = await keys.find(GRANTEE, 'key_1');

      const all = { depth: 12, showHidden: true, maxArrayLength: null };
      const shown = [key, keys].map((each) => inspect(each, all) + JSON.stringify(each)).join('\n');
      // The middle of it: the beginning and the end of DER are the same for many keys.
      const part = secret.subarray(secret.length / 2 - 8, secret.length / 2 + 8);
      const digits = shown.replaceAll(/\s/g, '');
      for (const text of [part, PASSPHRASE].flatMap((each) => [
        each.toString('hex'),
        [...each].join(','),
        each.toString(),
      ])) {
        assert.ok(!digits.includes(text));
      }
      assert.ok(!shown.includes(part.toString('base64').slice(0, 20)));
    });
  }
});
