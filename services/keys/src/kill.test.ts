// Goal: of n uses exactly n are signed, whoever asks and whoever dies meanwhile.
// Method: two replicas, each a process of its own; one is killed while thousands of requests wait for
// it. Whoever got no answer asks the other one again, with the same request id.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SigningServiceService } from '@ramet/proto-gen/keys.v1';
import { connect, type Remote, RemoteError } from '@ramet/rpc';
import { Scope, systemClock } from '@ramet/service';
import { as, workloadOf } from './support/callers.js';
import type { ReplicaOrder } from './support/replica-process.js';
import { authorize, newTenant, startWorld, type Tenant, type World } from './support/world.js';

const REQUESTS = 10_000;
const USES = 1_000;
/** So many are signed before one replica is killed. */
const HALF = USES / 2;
const PATIENCE_MS = 240_000;
const AGAIN_MS = 100;

/** What a caller heard: its signature, the reason of a refusal, or nothing that tells. */
type Heard = Buffer | 'GRANT_USED_UP' | 'nothing';

interface ReplicaProcess {
  readonly process: ChildProcess;
  readonly signing: Remote<typeof SigningServiceService>;
}

describe('a replica that is killed while it signs', function () {
  this.timeout(PATIENCE_MS * 2);
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  it(`T26: leaves ${USES} of ${USES} uses for ${REQUESTS} requests, all in the log`, async () => {
    await using scope = new Scope();
    const [doomed, other] = [await startReplica(scope), await startReplica(scope)];
    const tenant = await newTenant(world);
    const grantId = await authorize(world, tenant, { maxUses: BigInt(USES) });
    const ids = Array.from({ length: REQUESTS }, (_, nth) => `r${nth}`);
    let [answered, signed] = [0, 0];
    // A busy machine may have too few of its signatures heard: then it is killed amid the answers.
    const isHalf = () => signed >= HALF || answered >= REQUESTS / 2;
    const ask = async (id: string, nth: number): Promise<Heard> => {
      const heard = await hear(nth % 2 ? doomed : other, tenant, id);
      answered += 1;
      if (Buffer.isBuffer(heard)) signed += 1;
      if (isHalf()) doomed.process.kill('SIGKILL');
      return heard;
    };

    const heard = await Promise.all(ids.map(ask));

    assert.equal(doomed.process.killed, true, 'nobody was killed');
    const first = await rowsOf(grantId);
    assert.ok(first.size <= USES);
    for (const [nth, id] of ids.entries()) {
      // Whoever has a signature has its row, and no row is of somebody who was refused.
      if (Buffer.isBuffer(heard[nth])) assert.ok(first.has(id), `${id} is not in the log`);
      if (heard[nth] === 'GRANT_USED_UP') assert.ok(!first.has(id), `${id} is in the log`);
    }

    const unheard = ids.filter((_, nth) => heard[nth] === 'nothing');
    const again = await Promise.all(unheard.map((id) => hearAtLast(other, tenant, id)));

    const last = await rowsOf(grantId);
    assert.equal(last.size, USES);
    assert.equal(await usesOf(grantId), BigInt(USES));
    for (const [nth, id] of unheard.entries()) {
      assert.equal(Buffer.isBuffer(again[nth]), last.has(id), `${id} heard something else`);
    }
    assert.equal([...heard, ...again].filter(Buffer.isBuffer).length, USES);
  });

  async function startReplica(scope: Scope): Promise<ReplicaProcess> {
    const program = fileURLToPath(new URL('./support/replica-process.js', import.meta.url));
    const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    scope.defer(() => {
      child.kill('SIGKILL');
    });
    const { databaseUrl, keks } = world;
    const [kek = Buffer.alloc(0)] = keks.keys;
    child.send({ databaseUrl, kek: kek.toString('hex') } satisfies ReplicaOrder);
    const [address] = (await once(child, 'message')) as [string];
    return { process: child, signing: scope.use(connect(SigningServiceService, address)) };
  }

  async function rowsOf(grantId: string): Promise<ReadonlySet<string>> {
    const sql = 'select request_id as id from signature where grant_id = $1';
    const rows = await world.db.query<{ id: string }>(sql, [grantId]);
    return new Set(rows.map(({ id }) => id));
  }

  async function usesOf(grantId: string): Promise<bigint | undefined> {
    const sql = 'select uses from key_grant where id = $1';
    const [row] = await world.db.query<{ uses: bigint }>(sql, [grantId]);
    return row?.uses;
  }
});

/** Asks again for as long as nothing is heard that tells: a busy replica refuses some. */
async function hearAtLast(...asked: Parameters<typeof hear>): Promise<Heard> {
  for (;;) {
    const heard = await hear(...asked);
    if (heard !== 'nothing') return heard;
    await systemClock.sleep(AGAIN_MS);
  }
}

async function hear(
  { signing }: ReplicaProcess,
  tenant: Tenant,
  requestId: string,
): Promise<Heard> {
  const payload = { $case: 'raw', value: Buffer.from(requestId) } as const;
  const request = { requestId, keyId: tenant.keyId, payload };
  const options = { ...as(workloadOf(tenant)), timeoutMs: PATIENCE_MS };
  try {
    return (await signing.signTransaction(request, options)).signature;
  } catch (thrown) {
    assert.ok(thrown instanceof RemoteError);
    if (thrown.reason === 'GRANT_USED_UP') return thrown.reason;
    assert.equal(thrown.code, 'UNAVAILABLE', thrown.message);
    return 'nothing';
  }
}
