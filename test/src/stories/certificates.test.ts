// Goal: in a whole mesh each service proves itself to the others, and nobody else comes as one.
// Method: callers that are wrong in one way each, and certificates that are replaced under load.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@ramet/local';
import { createAuthority, type Issued, openAuthority } from '@ramet/pki';
import { GrantServiceService } from '@ramet/proto-gen/keys.v1';
import { TokenServiceService, UserServiceService } from '@ramet/proto-gen/teams.v1';
import { connect, type MeshIdentity, openMeshIdentity } from '@ramet/rpc';
import { Scope, systemClock } from '@ramet/service';
import { until } from './support/again.js';
import { identityOf } from './support/identity.js';
import { settingsOf } from './support/replica.js';
import { startWorld, testFolder, type World } from './support/world.js';

const HOUSE = fileURLToPath(new URL('../../../', import.meta.url));
const SERVICES: readonly ServiceName[] = ['teams', 'keys', 'lifecycle', 'executor'];
const DAY_MS = 24 * 60 * 60_000;
const NOTHING = {
  keyId: 'key_00000000000000000000000000',
  cloneId: 'cln_00000000000000000000000000',
};

describe('the services of a mesh', () => {
  let world: World;
  let scope: Scope;

  before(async () => {
    world = await startWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());
  beforeEach(() => {
    scope = new Scope();
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  it('let lifecycle do what is for lifecycle alone', async () => {
    const call = release(certificateOf('lifecycle'), await tokenOf('lifecycle'));
    assert.deepEqual(await call, { released: false });
  });

  it('refuse another service with its own certificate', async () => {
    const call = release(certificateOf('executor'), await tokenOf('executor'));
    await assert.rejects(call, { code: 'PERMISSION_DENIED' });
  });

  it('refuse a token beside the certificate of somebody else, or beside none (T27)', async () => {
    const token = await tokenOf('lifecycle');
    const refused = { code: 'UNAUTHENTICATED', reason: 'PEER_UNPROVEN' };

    await assert.rejects(release(certificateOf('executor'), token), refused);
    const { address } = world.mesh.endpoints.keys;
    const open = scope.use(connect(GrantServiceService, address, { token: async () => token }));
    await assert.rejects(open.releaseKey(NOTHING), refused);
  });

  it('refuse a certificate of another authority, and say so', async () => {
    const stranger = await createAuthority('somebody', lifeFrom(systemClock.now()));
    const forged = await issued(stranger, systemClock.now());
    await assert.rejects(release(opened(forged), await tokenOf('lifecycle')), {
      code: 'UNAVAILABLE',
    });
    await until('it is told', async () => toldBy('keys').some((why) => /VERIFY|ISSUER/.test(why)));
  });

  it('refuse a certificate that has expired, and say so', async () => {
    const yesterday = new Date(systemClock.now().getTime() - DAY_MS);
    const old = await issued(await ownAuthority(), yesterday);
    await assert.rejects(release(opened(old, yesterday), await tokenOf('lifecycle')), {
      code: 'UNAVAILABLE',
    });
    await until('it is told', async () => toldBy('keys').includes('CERT_HAS_EXPIRED'));
  });

  it('refuse whoever has no certificate, and say so', async () => {
    const tls = { authority: readFileSync(filesOf('keys').authority) };
    const address = world.mesh.endpoints.keys.mesh;
    const bare = scope.use(connect(GrantServiceService, address, { tls }));
    await assert.rejects(bare.releaseKey(NOTHING), { code: 'UNAVAILABLE' });
    const plain = scope.use(connect(GrantServiceService, address));
    await assert.rejects(plain.releaseKey(NOTHING), { code: 'UNAVAILABLE' });
  });

  it('take new certificates in as they come, with no call refused', async () => {
    const person = await world.createPerson('renewing');
    const before = serialOf('keys');
    const lifecycle = certificateOf('lifecycle');
    const token = await tokenOf('lifecycle');
    const users = scope.use(connect(UserServiceService, world.mesh.endpoints.teams.address));
    const userToken = await exchange(person.apiKey);
    let renewing = true;
    let calls = 0;
    const load = (async () => {
      while (renewing) {
        await release(lifecycle, token);
        await users.getUser({ id: '' }, { token: userToken });
        calls += 1;
      }
    })();

    for (let round = 1; round <= 2; round += 1) {
      const taken = takenBy('keys');
      await world.mesh.certificates.renew();
      await until('it was taken in', async () => takenBy('keys') > taken);
    }
    renewing = false;
    await load;
    assert.ok(calls > 0);
    assert.notEqual(serialOf('keys'), before);
  });

  for (const service of SERVICES) {
    it(`do not start with half of what ${service} proves itself by (T31)`, () => {
      const whole = settingsOf(world.mesh.service(service).pid);
      const program = join(HOUSE, 'services', service, 'dist', 'main.js');
      const { status, stderr } = spawnSync(process.execPath, [program], {
        env: { ...whole, TLS_KEY_FILE: '' },
      });

      assert.notEqual(status, 0);
      assert.match(stderr.toString(), /TLS_KEY_FILE is required beside TLS_CERT_FILE/);
    });
  }

  function certificateOf(service: ServiceName): MeshIdentity {
    const identity = identityOf(world.mesh, service);
    scope.defer(() => identity[Symbol.dispose]());
    return identity;
  }

  /** Asks keys for what is for lifecycle alone, about a key that is not there. */
  async function release(identity: MeshIdentity, token: string): Promise<unknown> {
    const grants = connect(GrantServiceService, world.mesh.endpoints.keys.mesh, {
      token: async () => token,
      tls: identity.to('keys'),
    });
    return grants.releaseKey(NOTHING).finally(() => grants[Symbol.asyncDispose]());
  }

  async function tokenOf(service: ServiceName): Promise<string> {
    return exchange(readFileSync(join(world.mesh.layout.secrets, 'services', service), 'utf8'));
  }

  async function exchange(apiKey: string): Promise<string> {
    await using tokens = connect(TokenServiceService, world.mesh.endpoints.teams.address);
    return (await tokens.exchangeToken({ apiKey })).token;
  }

  function filesOf(service: ServiceName) {
    return world.mesh.certificates.filesOf(service);
  }

  function serialOf(service: ServiceName): string {
    return new X509Certificate(readFileSync(filesOf(service).certificate)).serialNumber;
  }

  function ownAuthority() {
    const folder = world.mesh.layout.authority;
    const [certificate = '', key = ''] = ['ca.pem', 'ca-key.pem'].map((name) => {
      return readFileSync(join(folder, name), 'utf8');
    });
    return openAuthority({ certificate, key });
  }

  function issued(
    authority: Awaited<ReturnType<typeof createAuthority>>,
    notBefore: Date,
  ): Promise<Issued> {
    const uri = `spiffe://${world.mesh.certificates.trustDomain}/svc/lifecycle`;
    return authority.issue({ uri, ...lifeFrom(notBefore) });
  }

  /** Opens a certificate as lifecycle would, at a time when it was good. */
  function opened(made: Issued, at = systemClock.now()): MeshIdentity {
    const folder = testFolder(scope);
    const files = {
      certificate: join(folder, 'cert.pem'),
      key: join(folder, 'key.pem'),
      authority: filesOf('keys').authority,
    };
    writeFileSync(files.certificate, made.certificate);
    writeFileSync(files.key, made.key);
    const member = { name: 'lifecycle', trustDomain: world.mesh.certificates.trustDomain };
    const identity = openMeshIdentity(files, member, {
      clock: { ...systemClock, now: () => at },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    scope.defer(() => identity[Symbol.dispose]());
    return identity;
  }

  /** Why peers were refused, as the log of a service has it. */
  function toldBy(service: ServiceName): readonly string[] {
    return linesOf(service)
      .filter(({ message }) => message === 'a peer was refused')
      .map(({ reason }) => reason ?? '');
  }

  function takenBy(service: ServiceName): number {
    return linesOf(service).filter(({ message }) => message === 'a certificate was taken in')
      .length;
  }

  function linesOf(service: ServiceName): readonly { message: string; reason?: string }[] {
    const log = readFileSync(world.mesh.endpoints[service].logFile, 'utf8');
    return log
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
  }
});

function lifeFrom(notBefore: Date) {
  return { notBefore, lifeMs: DAY_MS / 24 };
}
