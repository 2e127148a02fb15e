// Its vectors are in ../wycheproof.test.ts.
import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { importMaterial, openMaterial } from '../material.js';
import { sign } from '../sign.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const publicKey = createPublicKey(privateKey);
const DER = privateKey.export({ type: 'pkcs8', format: 'der' });
const BYTES = Buffer.from('an order');
const PLAIN = { hash: 'algorithm', encoding: 'plain' } as const;

describe('RSA', () => {
  it('signs the same bytes the same with PKCS #1, and a digest like what it is of', async () => {
    const key = openMaterial('rsa_pkcs1_sha256', importMaterial('rsa_pkcs1_sha256', DER).secret);

    const made = await sign('rsa_pkcs1_sha256', key, { ...PLAIN, bytes: BYTES });

    assert.ok(verify('sha256', BYTES, publicKey, made));
    assert.deepEqual(await sign('rsa_pkcs1_sha256', key, { ...PLAIN, bytes: BYTES }), made);
    const bytes = createHash('sha256').update(BYTES).digest();
    const prehashed = { ...PLAIN, hash: 'none', bytes } as const;
    assert.deepEqual(await sign('rsa_pkcs1_sha256', key, prehashed), made);
  });

  it('signs with PSS and a salt of 32 bytes, and no digest', async () => {
    const key = openMaterial('rsa_pss_sha256', importMaterial('rsa_pss_sha256', DER).secret);

    const made = await sign('rsa_pss_sha256', key, { ...PLAIN, bytes: BYTES });

    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    assert.ok(verify('sha256', BYTES, { key: publicKey, ...padding }, made));
    const bytes = createHash('sha256').update(BYTES).digest();
    assert.throws(() => sign('rsa_pss_sha256', key, { ...PLAIN, hash: 'none', bytes }));
  });
});
