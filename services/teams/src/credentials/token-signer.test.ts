import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { Secret } from '@ramet/config';
import { createVerifier } from '@ramet/rpc';
import { systemClock, systemIds } from '@ramet/service';
import { createTokenSigner, TOKEN_NAMES } from './token-signer.js';

const PORTS = { clock: systemClock, ids: systemIds, lifeSeconds: 300 };
const SERVICE = { kind: 'service', name: 'keys' } as const;

describe('the signer of tokens', () => {
  it('signs with the first key, and publishes all', async () => {
    const [one, two] = [pem(), pem()];
    const before = await createTokenSigner(secret(one), PORTS);
    const both = await createTokenSigner(secret(two + one), PORTS);

    assert.equal(both.publicKeys.length, 2);
    assert.equal(both.publicKeys[1]?.id, before.publicKeys[0]?.id);
    const keys = async () => both.publicKeys.map(({ jwk }) => jwk);
    const authenticate = createVerifier({ ...TOKEN_NAMES, keys, clock: systemClock });
    for (const signer of [before, both]) {
      const { text } = await signer.sign(SERVICE);
      const caller = await authenticate({
        get: (name) => (name === 'authorization' ? `Bearer ${text}` : undefined),
      });
      assert.equal(caller.id, 'keys');
    }
  });

  it('keeps the id of a key for as long as there is the key', async () => {
    const keys = secret(pem());
    const [one, two] = [await createTokenSigner(keys, PORTS), await createTokenSigner(keys, PORTS)];
    assert.deepEqual(one.publicKeys, two.publicKeys);
  });

  it('makes each token another one', async () => {
    const signer = await createTokenSigner(secret(pem()), PORTS);
    const [one, two] = [await signer.sign(SERVICE), await signer.sign(SERVICE)];
    assert.notEqual(one.text, two.text);
  });

  for (const [what, text] of [
    ['nothing', ' '],
    ['another kind of key', otherPem()],
    ['half a key', `${pem().slice(0, 60)}\n-----END PRIVATE KEY-----`],
  ] as const) {
    it(`refuses a file with ${what}, and shows none of it`, async () => {
      const thrown = await createTokenSigner(secret(text), PORTS).catch((error: Error) => error);
      assert.ok(thrown instanceof Error);
      assert.ok(!thrown.message.includes('BEGIN'));
      assert.equal(thrown.cause, undefined);
    });
  }
});

function pem(): string {
  return generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function otherPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function secret(text: string): Secret {
  return new Secret(Buffer.from(text));
}
