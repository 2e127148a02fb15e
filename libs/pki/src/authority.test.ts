import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createAuthority, type Issued, openAuthority } from './index.js';

const HOUR_MS = 60 * 60_000;
const NOW = new Date('2026-03-01T12:00:00Z');
const LIFE = { notBefore: NOW, lifeMs: 24 * HOUR_MS };
const SUBJECT = {
  uri: 'spiffe://example.org/svc/keys',
  hosts: ['keys.example.org'],
  addresses: ['127.0.0.1', '::1'],
  notBefore: NOW,
  lifeMs: HOUR_MS,
};

describe('an authority', () => {
  it('issues certificates that it has signed, for the names and the time that were asked for', async () => {
    const authority = await createAuthority('a mesh', LIFE);
    const issued = new X509Certificate((await authority.issue(SUBJECT)).certificate);

    assert.ok(issued.checkIssued(new X509Certificate(authority.certificate)));
    assert.ok(issued.verify(new X509Certificate(authority.certificate).publicKey));
    assert.equal(
      issued.subjectAltName,
      'URI:spiffe://example.org/svc/keys, DNS:keys.example.org, ' +
        'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    assert.equal(issued.validTo, 'Mar  1 13:00:00 2026 GMT');
    assert.equal(issued.validFrom, 'Mar  1 11:55:00 2026 GMT');
  });

  it('is one that may sign, and what it issues is not', async () => {
    const authority = await createAuthority('a mesh', LIFE);

    assert.equal(new X509Certificate(authority.certificate).ca, true);
    assert.equal(new X509Certificate((await authority.issue(SUBJECT)).certificate).ca, false);
  });

  it('issues each certificate with a key and a number of its own', async () => {
    const authority = await createAuthority('a mesh', LIFE);
    const [one, two] = [await authority.issue(SUBJECT), await authority.issue(SUBJECT)];

    for (const issued of [one, two]) assert.ok(matches(issued));
    assert.notEqual(one.key, two.key);
    assert.notEqual(
      new X509Certificate(one.certificate).serialNumber,
      new X509Certificate(two.certificate).serialNumber,
    );
  });

  it('goes on after it was kept and opened again', async () => {
    const { certificate, key } = await createAuthority('a mesh', LIFE);
    const again = await openAuthority({ certificate, key });
    const issued = new X509Certificate((await again.issue(SUBJECT)).certificate);

    assert.ok(issued.verify(new X509Certificate(certificate).publicKey));
  });

  it('is not opened from what is none', async () => {
    const { certificate, key } = await createAuthority('a mesh', LIFE);

    await assert.rejects(openAuthority({ certificate: 'nothing', key }));
    await assert.rejects(openAuthority({ certificate, key: certificate }));
  });
});

function matches({ certificate, key }: Issued): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
}
