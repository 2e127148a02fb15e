import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createIdentity } from './identity.js';
import type { RevocationSource } from './revocation-feed.js';

/** Nothing was revoked, and nothing is told. */
const NOTHING: RevocationSource = {
  async *watchRevocations(): AsyncGenerator<never> {},
  checkRevocation: async () => ({ revoked: false }),
};

describe('the identity of a service', () => {
  it('is proven by the token that its key is worth, and proves that of others', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const jwk = JSON.stringify({ ...(await exportJWK(publicKey)), kid: 'k1' });
    const shown: string[] = [];
    const issuer = {
      async exchangeToken({ apiKey }: { readonly apiKey: string }) {
        shown.push(apiKey);
        const claims = { sub: 'keys', kind: 'service', jti: 'tok_1', iss: 'ramet', aud: 'ramet' };
        const token = await new SignJWT(claims)
          .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k1' })
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(privateKey);
        return { token, expiresIn: { seconds: 300n } };
      },
      listVerificationKeys: async () => ({ keys: [{ jwk }] }),
    };
    await using identity = createIdentity(issuer, { apiKey: 'mine', revocations: () => NOTHING });
    const { token, authenticate } = identity;

    const authorization = `Bearer ${await token()}`;
    assert.equal(`Bearer ${await token()}`, authorization);
    assert.deepEqual(shown, ['mine']);
    const metadata = {
      get: (name: string) => (name === 'authorization' ? authorization : undefined),
    };
    const { kind, id } = await authenticate(metadata);
    assert.deepEqual([kind, id], ['service', 'keys']);
  });
});
