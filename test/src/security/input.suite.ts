// Goal: whatever is sent, the answer is an error that names the field, and nothing comes of it.
// Method: for every RPC of a whole mesh, requests that are each wrong in one way, made from the
// contract. What is wrong is the same in each run.

import assert from 'node:assert/strict';
import { type Cast, sharedCast } from './access/cast.js';
import { DENIED, MACHINES, PEOPLE, type Row } from './access/row.js';
import { TABLE } from './access/table.js';
import { type BadRequest, badRequests } from './input/bad-requests.js';
import { delimited, joined } from './input/wire.js';
import { type Answer, type Caller, openCaller } from './support/call.js';
import { PEERS, peerOf, type Rpc, readContract } from './support/contract.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import { openRows, type Rows } from './support/rows.js';

const contract = readContract();
const AT_ONCE = 16;
/** What refuses a request. Anything else would be a bug, a crash or a hang. */
const REFUSALS = new Set([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'ABORTED',
  'RESOURCE_EXHAUSTED',
  'OUT_OF_RANGE',
]);
const REASONS = new Set(
  contract.files
    .getEnum('ramet.errors.v1.ErrorReason')
    ?.values.map(({ name }) => name.replace('ERROR_REASON_', '')),
);
const TRAILERS = new Set(['grpc-status-details-bin', 'content-type', 'date']);
const MAX_DETAIL_BYTES = 4_096;
const TOO_LARGE = 5 * 1024 * 1024;

/**
 * Tables that grow by themselves, by what running clones report, by news of who may have clones, or
 * by what is refused, which stands in the log of its key's owner too: those come after the call. What
 * is changed of a quota by hand is counted in `quota_change`.
 */
const RESTLESS =
  /\.(audit|history|relay|consumer|execution_progress|progress|runner|denial|log_leaf|log_node|log_head|log_thinning|log_cursor|work|quota|webhook_delivery|webhook_work)$/;

describe('bad input (T18)', () => {
  let test: TestMesh;
  let cast: Cast;
  let caller: Caller;
  let rows: Rows;
  let pids: readonly (number | undefined)[];

  before(async () => {
    test = await sharedMesh();
    cast = await sharedCast(test);
    caller = openCaller(contract, test.ways);
    rows = await openRows(test);
    pids = PEERS.map((peer) => test.mesh.service(peer).pid);
  });
  after(async () => {
    caller?.[Symbol.dispose]();
    await rows?.[Symbol.asyncDispose]();
  });

  for (const row of TABLE) {
    it(`to ${row.rpc} is refused by name`, async () => {
      const good = contract.encode(rpcOf(row), row.request(cast.world.own, cast.world));
      const bad = badRequests(rpcOf(row), good, contract);
      const [refused, others] = [
        bad.filter(({ field }) => field !== undefined),
        bad.filter(({ field }) => field === undefined),
      ];
      const before = await counts();
      assert.deepEqual(await failures(row, refused, isRefusedByName), []);
      assert.deepEqual(await counts(), before, 'something came of it');
      assert.deepEqual(await failures(row, others, isTypedOrFine), []);
    });
  }

  it('that is over the limit of the transport is refused as such', async () => {
    for (const peer of PEERS) {
      const row = TABLE.find(({ rpc }) => rpc.startsWith(`ramet.${peer}.`));
      assert.ok(row);
      const { code, reason } = await send(row, delimited(1_000, new Uint8Array(TOO_LARGE)));
      assert.deepEqual([code, reason], ['RESOURCE_EXHAUSTED', 'MESSAGE_TOO_LARGE'], peer);
    }
  });

  it('that names a parameter twice is refused', async () => {
    const row = rowOf('ramet.lifecycle.v1.CloneService/CreateClone');
    const good = contract.encode(rpcOf(row), row.request(cast.world.own, cast.world));
    const parameter = delimited(6, joined([delimited(1, 'a'), delimited(2, '1')]));
    const answer = await send(row, joined([good, parameter, parameter]));
    assert.deepEqual([answer.code, answer.fields], ['INVALID_ARGUMENT', ['parameters[1].name']]);
  });

  it('is refused with everything that is wrong with it at once', async () => {
    const row = rowOf('ramet.lifecycle.v1.CloneService/CreateClone');
    const bad = [delimited(1, '!'), delimited(3, 'no bot'), delimited(4, 'A B')];
    const { fields } = await send(row, joined(bad));
    assert.deepEqual(fields.toSorted(), ['bot_id', 'name', 'owner', 'request_id']);
  });

  it('leaves the mesh as it was: the same processes, and they serve', async () => {
    assert.deepEqual(
      PEERS.map((peer) => test.mesh.service(peer).pid),
      pids,
    );
    for (const row of TABLE.filter(({ rpc }) =>
      /\/(GetTeam|GetKey|GetClone|GetExecution)$/.test(rpc),
    )) {
      const good = contract.encode(rpcOf(row), row.request(cast.world.own, cast.world));
      assert.equal((await send(row, good)).code, 'OK', row.rpc);
    }
  });

  /** What was answered that does not satisfy. */
  async function failures(
    row: Row,
    requests: readonly BadRequest[],
    satisfies: (answer: Answer, request: BadRequest) => boolean,
  ): Promise<readonly string[]> {
    const wrong: string[] = [];
    await inTurn(requests, async (request) => {
      const answer = await send(row, request.bytes);
      if (!satisfies(answer, request)) wrong.push(told(request, answer));
    });
    return wrong;
  }

  function send(row: Row, bytes: Uint8Array): Promise<Answer> {
    const { room } = rpcOf(row);
    const address = test.addressOf(peerOf(room));
    return caller.call(address, rpcOf(row), bytes, { token: tokenFor(row) });
  }

  function tokenFor(row: Row): string | undefined {
    if (row.isOpen) return undefined;
    const person = PEOPLE.findLast((_, at) => (row.people?.own?.[at] ?? DENIED) !== DENIED);
    const preferred = row.people?.own?.[3] === 'ok' ? 'owner' : person;
    const machine = MACHINES.find((each) => row.machines?.[each]);
    const who = preferred ?? machine;
    return who && cast.tokens[who];
  }

  async function counts(): Promise<Readonly<Record<string, number>>> {
    const all = Object.entries(await rows.counts());
    return Object.fromEntries(all.filter(([name]) => !RESTLESS.test(name)));
  }
});

function isRefusedByName(answer: Answer, { field }: BadRequest): boolean {
  if (answer.code !== 'INVALID_ARGUMENT' || !isWhole(answer)) return false;
  return answer.fields.some((each) => isWithin(each, field));
}

/** Whether an error names the field, or something in it. */
function isWithin(named: string, field = ''): boolean {
  return named === field || [`${field}[`, `${field}.`].some((start) => named.startsWith(start));
}

function isTypedOrFine(answer: Answer): boolean {
  return answer.code === 'OK' || (REFUSALS.has(answer.code) && isWhole(answer));
}

/** Whether an error has all that API.md promises, and nothing else. */
function isWhole({ reason, response, details, trailers, detailBytes }: Answer): boolean {
  const { domain } = (details['google.rpc.ErrorInfo'] ?? {}) as { readonly domain?: string };
  return (
    domain === 'ramet.dev' &&
    REASONS.has(reason) &&
    'google.rpc.RequestInfo' in details &&
    detailBytes < MAX_DETAIL_BYTES &&
    response.length === 0 &&
    trailers.every((name) => TRAILERS.has(name))
  );
}

function told({ what }: BadRequest, { code, reason, message, fields }: Answer): string {
  return `${what}: ${code} ${reason} [${fields.join(' ')}] ${message.slice(0, 200)}`;
}

async function inTurn<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    await Promise.all(items.slice(at, at + AT_ONCE).map(work));
  }
}

function rpcOf({ rpc }: Row): Rpc {
  return contract.rpc(rpc);
}

function rowOf(name: string): Row {
  const row = TABLE.find(({ rpc }) => rpc === name);
  assert.ok(row);
  return row;
}
