import assert from 'node:assert/strict';
import { connect } from './connect.js';
import { makeTestCertificate } from './test-certificate.js';
import { echoService } from './test-contract.js';
import { startTestServer } from './test-server.js';

describe('a connection with certificates', () => {
  const ours = makeTestCertificate();
  const theirs = makeTestCertificate();
  const tls = { ...ours, clientAuthority: ours.certificate };

  it('is made when each trusts the other', async () => {
    await using server = await startTestServer({}, { tls });
    const trust = { authority: ours.certificate, ...ours };
    await using client = connect(echoService(), server.address, { tls: trust });
    assert.equal((await client.anyone({ text: 'safe' })).text, 'safe');
  });

  it('may leave the machine', async () => {
    await using server = await startTestServer({}, { tls, host: '0.0.0.0' });
    const trust = { authority: ours.certificate, ...ours };
    const address = `127.0.0.1:${server.port}`;
    await using client = connect(echoService(), address, { tls: trust });
    assert.equal((await client.anyone({ text: 'safe' })).text, 'safe');
  });

  it('is refused to a client without a certificate', async () => {
    await using server = await startTestServer({}, { tls });
    const trust = { authority: ours.certificate };
    await using client = connect(echoService(), server.address, { tls: trust });
    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE' });
  });

  it('is refused to a client with a certificate of somebody else', async () => {
    await using server = await startTestServer({}, { tls });
    const trust = { authority: ours.certificate, ...theirs };
    await using client = connect(echoService(), server.address, { tls: trust });
    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE' });
  });

  it('is not made to a server that is not trusted', async () => {
    await using server = await startTestServer({}, { tls });
    const trust = { authority: theirs.certificate, ...ours };
    await using client = connect(echoService(), server.address, { tls: trust });
    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE' });
  });
});
