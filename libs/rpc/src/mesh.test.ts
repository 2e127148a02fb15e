// Goal: services believe each other by certificates, and nobody else.
// Method: a server with a listener for the mesh, and clients that are wrong in one way each.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { AuditRecord } from './audit.js';
import type { Certificates } from './certificates.js';
import { connect, type Remote } from './connect.js';
import { type MeshIdentity, openMeshIdentity } from './mesh-identity.js';
import { type Clock, machineClock } from './ports.js';
import type { RunningServer } from './serve.js';
import { DOMAIN, makeTestAuthority, type TestAuthority } from './test-authority.js';
import { type EchoService, echoService, testContract } from './test-contract.js';
import { type LoggedLine, rejection, startTestServer } from './test-server.js';

const DAY_MS = 24 * 60 * 60_000;
const AS_LIFECYCLE = { metadata: { caller: 'service:lifecycle' } };
const AS_EXECUTOR = { metadata: { caller: 'service:executor' } };
const AS_USER = { metadata: { caller: 'user:usr_1' } };
const AS_WORKLOAD = { metadata: { caller: 'workload:exe_1' } };
const YESTERDAY: Clock = {
  ...machineClock,
  now: () => new Date(machineClock.now().getTime() - DAY_MS),
};

describe('the mesh', () => {
  let authority: TestAuthority;
  let keys: MeshIdentity;
  let lines: LoggedLine[];
  let server: RunningServer;

  before(async () => {
    authority = await makeTestAuthority();
    keys = await authority.open('keys');
  });
  after(() => {
    keys[Symbol.dispose]();
    authority[Symbol.dispose]();
  });
  beforeEach(async () => {
    lines = [];
    const mesh = { host: '127.0.0.1', port: 0, identity: keys };
    server = await startTestServer({}, { mesh, lines });
  });
  afterEach(() => server[Symbol.asyncDispose]());

  it('serves a service that shows its certificate and its token', async () => {
    using lifecycle = await authority.open('lifecycle');
    await using client = callerOf(lifecycle);

    assert.equal((await client.echo({ text: 'hello' }, AS_LIFECYCLE)).text, 'hello');
    assert.equal((await client.anyone({ text: 'hello' })).text, 'hello');
  });

  it('lets users and workloads in by the public way, and not by its own', async () => {
    using lifecycle = await authority.open('lifecycle');
    await using open = connect(echoService(), server.address);
    await using inner = callerOf(lifecycle);

    assert.equal((await open.echo({ text: 'hello' }, AS_USER)).text, 'hello');
    assert.equal((await open.run({ text: 'hello' }, AS_WORKLOAD)).text, 'hello');
    await assert.rejects(inner.echo({}, AS_USER), { reason: 'PEER_UNPROVEN' });
    await assert.rejects(inner.run({}, AS_WORKLOAD), { reason: 'PEER_UNPROVEN' });
  });

  it('takes no token of a service without its certificate (T27)', async () => {
    using executor = await authority.open('executor');
    await using open = connect(echoService(), server.address);
    await using other = callerOf(executor);

    for (const client of [open, other]) {
      await assert.rejects(client.echo({}, AS_LIFECYCLE), {
        code: 'UNAUTHENTICATED',
        reason: 'PEER_UNPROVEN',
      });
    }
  });

  it('charges who shows what is not theirs, and tells the audit whose it is and who came', async () => {
    using executor = await authority.open('executor');
    const records: AuditRecord[] = [];
    const mesh = { host: '127.0.0.1', port: 0, identity: keys };
    await using strict = await startTestServer(
      {},
      {
        ...{ mesh, throttle: { callers: { perSecond: 0.001, burst: 3 } } },
        ...{ contract: audited(), audit: (record: AuditRecord) => records.push(record) },
      },
    );
    const inner = { tls: executor.to('keys') };
    await using client = connect(echoService(), strict.meshAddress ?? '', inner);

    const reasons: string[] = [];
    for (let call = 0; call < 5; call += 1) {
      reasons.push((await rejection(client.echo({}, AS_LIFECYCLE))).reason);
    }

    assert.deepEqual(reasons, [
      ...Array(3).fill('PEER_UNPROVEN'),
      ...Array(2).fill('RATE_LIMITED'),
    ]);
    assert.deepEqual(
      records.map(({ caller, peer, peerService, reason }) => [
        caller.id,
        peer,
        peerService,
        reason,
      ]),
      [
        ...Array(3).fill(['lifecycle', '127.0.0.1', 'executor', 'PEER_UNPROVEN']),
        ['lifecycle', '127.0.0.1', 'executor', 'RATE_LIMITED'],
      ],
    );
  });

  it('has a rate for each service that shows no token, wherever it calls from', async () => {
    using executor = await authority.open('executor');
    using lifecycle = await authority.open('lifecycle');
    const mesh = { host: '127.0.0.1', port: 0, identity: keys };
    const throttle = { callers: { perSecond: 0.001, burst: 2 } };
    await using strict = await startTestServer({}, { mesh, throttle });
    const to = (identity: MeshIdentity) =>
      connect(echoService(), strict.meshAddress ?? '', { tls: identity.to('keys') });
    await using one = to(executor);
    await using other = to(lifecycle);

    for (let call = 0; call < 2; call += 1) await one.anyone({});
    const { metadata } = await rejection(one.anyone({}));
    assert.equal(metadata.caller, 'anonymous:executor');
    await other.anyone({});
  });

  it('asks the contract which services may call', async () => {
    using executor = await authority.open('executor');
    await using client = callerOf(executor);

    await assert.rejects(client.echo({}, AS_EXECUTOR), { code: 'PERMISSION_DENIED' });
    await assert.rejects(client.echo({}), { reason: 'TOKEN_MISSING' });
  });

  it('refuses a certificate of another authority, and says so', async () => {
    using stranger = await makeTestAuthority();
    using forged = await stranger.open('lifecycle');
    await using client = callerOf(trusting(forged, authority));

    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE' });
    assert.match(refusal(), /SIGNATURE|ISSUER|SELF_SIGNED|VERIFY/);
  });

  it('refuses a certificate that has expired, and says so', async () => {
    using old = await authority.open('lifecycle', {
      notBefore: YESTERDAY.now(),
      clock: YESTERDAY,
    });
    await using client = callerOf(old);

    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE' });
    assert.equal(refusal(), 'CERT_HAS_EXPIRED');
  });

  it('refuses whoever shows no certificate, and says so', async () => {
    await assert.rejects(handshake({}), /certificate required/);
    assert.equal(refusal(), 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
  });

  for (const uri of [
    'spiffe://elsewhere.org/svc/lifecycle',
    `spiffe://${DOMAIN}/svc/lifecycle/more`,
    `spiffe://${DOMAIN}/svc/`,
    `spiffe://${DOMAIN}/user/lifecycle`,
    `https://${DOMAIN}/svc/lifecycle`,
  ]) {
    it(`refuses a certificate for ${uri}, and says so`, async () => {
      const files = await authority.issue('odd', { uri });
      const socket = await handshake({
        cert: readFileSync(files.certificate),
        key: readFileSync(files.key),
      });
      assert.equal(socket.destroyed, true);
      assert.equal(refusal(), 'no service of this mesh');
    });
  }

  it('is not called where another service answers', async () => {
    using lifecycle = await authority.open('lifecycle');
    const tls = lifecycle.to('teams');
    await using client = connect(echoService(), server.meshAddress ?? '', { tls });

    await assert.rejects(client.anyone({}), { code: 'UNAVAILABLE', message: /not teams/ });
  });

  it('speaks TLS 1.3 and nothing older, and resumes no session', async () => {
    const { certificate, key } = await authority.issue('lifecycle');
    const own = { cert: readFileSync(certificate), key: readFileSync(key) };
    const first = await handshake(own);
    assert.equal(first.getProtocol(), 'TLSv1.3');
    const session = first.getSession();
    first.destroy();
    assert.ok(session);
    const second = await handshake({ ...own, session });
    assert.equal(second.isSessionReused(), false);
    second.destroy();

    await assert.rejects(handshake({ ...own, maxVersion: 'TLSv1.2' }), /protocol version/i);
  });

  it('takes in what replaces a certificate, with no call refused', async () => {
    using lifecycle = await authority.open('lifecycle');
    await using lasting = callerOf(lifecycle);
    let calling = true;
    const load = (async () => {
      let calls = 0;
      while (calling) {
        await using fresh = callerOf(lifecycle);
        await Promise.all([lasting, fresh].map((each) => each.echo({}, AS_LIFECYCLE)));
        calls += 2;
      }
      return calls;
    })();

    for (let i = 0; i < 3; i += 1) {
      const before = await shown();
      await Promise.all([
        replaced(keys, () => authority.issue('keys')),
        replaced(lifecycle, () => authority.issue('lifecycle')),
      ]);
      assert.notEqual(await shown(), before);
    }
    calling = false;
    assert.ok((await load) > 0);
  });

  it('keeps what it has while what replaces it is not whole', async () => {
    using other = await authority.open('lifecycle');
    const { certificate, key } = await authority.issue('lifecycle');
    const good = readFileSync(certificate);
    const before = other.current.leaf.serialNumber;
    await authority.issue('executor').then((files) => {
      writeFileSync(certificate, readFileSync(files.certificate));
    });
    await using client = callerOf(other);
    assert.equal((await client.echo({ text: 'on' }, AS_LIFECYCLE)).text, 'on');
    writeFileSync(key, 'half of a k');

    await replaced(other, async () => {
      const next = await authority.issue('lifecycle');
      assert.notDeepEqual(readFileSync(next.certificate), good);
    });
    assert.notEqual(other.current.leaf.serialNumber, before);
  });

  it('is not entered with what is not good, and says what is wrong (T31)', async () => {
    const files = await authority.issue('lifecycle');
    const other = await authority.issue('executor');
    const open = (changed: Partial<typeof files>, name = 'lifecycle', trustDomain = DOMAIN) => {
      const ports = { clock: machineClock, logger: console };
      openMeshIdentity({ ...files, ...changed }, { name, trustDomain }, ports);
    };

    assert.throws(() => open({ key: other.key }), /is not that of the certificate/);
    assert.throws(() => open({ authority: other.certificate }), /is no authority/);
    assert.throws(() => open({ certificate: `${files.certificate}.none` }), /ENOENT/);
    assert.throws(() => open({}, 'keys'), /is not for spiffe:\/\/example.org\/svc\/keys/);
    assert.throws(() => open({}, 'lifecycle', 'Example.org/svc'), /no trust domain is called/);
    await authority.issue('lifecycle', { notBefore: YESTERDAY.now() });
    assert.throws(() => open({}), /has expired/);
  });

  function callerOf(identity: MeshIdentity): Remote<EchoService> {
    return connect(echoService(), server.meshAddress ?? '', { tls: identity.to('keys') });
  }

  /** The reason of the last refusal in the log. */
  function refusal(): string {
    const last = lines.findLast(({ message }) => message === 'a peer was refused');
    return String(last?.fields.reason);
  }

  /** The number of the certificate that a new connection is shown. */
  async function shown(): Promise<string> {
    const { certificate, key } = await authority.issue('probe');
    const own = { cert: readFileSync(certificate), key: readFileSync(key) };
    const socket = connectTls({ ...reach(), ...own });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  }

  function reach(): ConnectionOptions {
    const port = Number(server.meshAddress?.split(':').at(-1));
    const checkServerIdentity = () => undefined;
    return {
      host: '127.0.0.1',
      port,
      ca: authority.certificate,
      ALPNProtocols: ['h2'],
      checkServerIdentity,
    };
  }

  /** Connects as far as it goes: to the first frame of HTTP/2, or to the end. */
  async function handshake(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connectTls({ ...reach(), ...options });
    await new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('close', () => resolve());
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') resolve();
        else reject(error);
      });
    });
    return socket;
  }
});

/** The contract with a rule for Echo that has refusals kept. */
function audited() {
  const { rules, descriptorSet } = testContract();
  const echo = '/test.v1.EchoService/Echo';
  const rule = rules.get(echo);
  return {
    descriptorSet,
    rules: new Map([...rules, ...(rule ? [[echo, { ...rule, audit: 'read' }] as const] : [])]),
  };
}

/** The same identity, but for whom it believes. */
function trusting(identity: MeshIdentity, { certificate }: TestAuthority): MeshIdentity {
  const changed: MeshIdentity = {
    trustDomain: identity.trustDomain,
    current: { ...identity.current, authority: certificate },
    to: (service) => ({ identity: changed, service }),
    onChange: (listener) => identity.onChange(listener),
    [Symbol.dispose]: () => undefined,
  };
  return changed;
}

/** Does what replaces a certificate, and waits until it was taken in. */
async function replaced(certificates: Certificates, act: () => Promise<unknown>): Promise<void> {
  const taken = new Promise<void>((resolve) => {
    const forget = certificates.onChange(() => {
      forget();
      resolve();
    });
  });
  await act();
  await taken;
}
