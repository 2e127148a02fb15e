import assert from 'node:assert/strict';
import { connect } from './connect.js';
import { makeTestAuthority, type TestAuthority } from './test-authority.js';
import { echoService } from './test-contract.js';
import { startTestServer } from './test-server.js';

describe('a connection with a certificate', () => {
  let ours: TestAuthority;
  let theirs: TestAuthority;

  before(async () => {
    [ours, theirs] = await Promise.all([makeTestAuthority(), makeTestAuthority()]);
  });
  after(() => {
    ours[Symbol.dispose]();
    theirs[Symbol.dispose]();
  });

  it('may leave the machine', async () => {
    using tls = await ours.open('keys');
    await using server = await startTestServer({}, { tls, host: '0.0.0.0' });
    const address = `127.0.0.1:${server.port}`;
    await using client = connect(echoService(), address, {
      tls: { authority: ours.certificate },
    });
    assert.equal((await client.anyone({ text: 'safe' })).text, 'safe');
  });

  it('is made to a host by its name', async () => {
    using tls = await ours.open('keys', { hosts: ['localhost'], addresses: [] });
    await using server = await startTestServer({}, { tls });
    const trust = { tls: { authority: ours.certificate } };
    await using named = connect(echoService(), `localhost:${server.port}`, trust);
    assert.equal((await named.anyone({ text: 'safe' })).text, 'safe');

    await using numbered = connect(echoService(), server.address, trust);
    await assert.rejects(numbered.anyone({}), { code: 'UNAVAILABLE' });
  });

  it('is not made to a server that is not trusted', async () => {
    using tls = await ours.open('keys');
    await using server = await startTestServer({}, { tls });
    await using client = connect(echoService(), server.address, {
      tls: { authority: theirs.certificate },
    });
    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE' });
  });

  it('is wanted off loopback', async () => {
    await assert.rejects(startTestServer({}, { host: '0.0.0.0' }), /plaintext is for loopback/);
    assert.throws(
      () => connect(echoService(), '203.0.113.1:443'),
      /plaintext is for loopback only/,
    );
  });
});
