// Goal: everybody gets what the table says, whoever they are and whatever they ask for.
// Method: every RPC of a whole mesh, by every kind of caller, on things of every kind.

import assert from 'node:assert/strict';
import { StopClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import { type Cast, sharedCast } from './access/cast.js';
import {
  EVERYBODY,
  expectedOf,
  type Machine,
  PEOPLE,
  type Person,
  type Row,
  TARGETS,
  type Target,
} from './access/row.js';
import { ON_SOCKETS, TABLE } from './access/table.js';
import { type Answer, type Caller, type CallOptions, openCaller } from './support/call.js';
import { EVERYWHERE, PEERS, type Peer, type Rpc, readContract } from './support/contract.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import { badTokens, goodToken } from './support/tokens.js';

const contract = readContract();
const ON_BEHALF = 'x-on-behalf-of';

describe('access (T2, T3)', () => {
  let test: TestMesh;
  let cast: Cast;
  let caller: Caller;

  before(async () => {
    test = await sharedMesh();
    cast = await sharedCast(test);
    caller = openCaller(contract, test.ways);
  });
  after(() => caller?.[Symbol.dispose]());

  it('has a row in the table for every RPC', () => {
    const rows = [...TABLE.map(({ rpc }) => rpc), ...ON_SOCKETS];
    assert.deepEqual(rows.toSorted(), contract.rpcs.map(({ name }) => name).sort());
  });

  for (const row of TABLE) {
    it(`to ${row.rpc} is as the table says`, async () => {
      const found = await cells(row, ask);
      assert.deepEqual(
        found.map(([cell, answer]) => `${cell}: ${verdictOf(answer)}`),
        found.map(([cell, , expected]) => `${cell}: ${expected}`),
      );
    });
  }

  for (const row of TABLE) {
    it(`to ${row.rpc} tells nobody whether a thing of others is there`, async () => {
      const refused = EVERYBODY.filter((who) => {
        const foreign = expectedOf(row, who, 'foreign');
        return foreign !== 'ok' && foreign === expectedOf(row, who, 'missing');
      });
      await Promise.all(
        refused.map(async (who) => {
          const hidden = await ask(row, who, 'foreign');
          const absent = await ask(row, who, 'missing');
          assert.deepEqual(shown(hidden, cast), shown(absent, cast), who);
        }),
      );
    });
  }

  for (const row of TABLE) {
    it(`to ${row.rpc} needs a token that is good`, async () => {
      const request = contract.encode(rpcOf(row), row.request(cast.world.own, cast.world));
      const claims = cast.claims.get(kindFor(rpcOf(row)));
      assert.ok(claims);
      const forged = [...badTokens(test.tokenKey, claims)];
      const calls = [['without a token', undefined] as const, ...forged];
      const wrong: string[] = [];
      for (const address of addressesOf(rpcOf(row))) {
        await Promise.all(
          calls.map(async ([what, token]) => {
            const { code, reason } = await caller.call(address, rpcOf(row), request, { token });
            const isRefused = code === 'UNAUTHENTICATED' && /^TOKEN_/.test(reason);
            if (!isRefused && !(row.isOpen && token === undefined)) {
              wrong.push(`${what}: ${code} ${reason}`);
            }
          }),
        );
      }
      assert.deepEqual(wrong, []);
    });
  }

  it('takes a token for good that is made as the bad ones are, without their faults', async () => {
    const row = rowOf('ramet.teams.v1.TeamService/GetTeam');
    const request = contract.encode(rpcOf(row), row.request(cast.world.own, cast.world));
    const token = goodToken(test.tokenKey, cast.claims.get('user') ?? {});
    const answer = await caller.call(test.addressOf('teams'), rpcOf(row), request, { token });
    assert.equal(answer.code, 'OK');
  });

  it('is no wider for a user or a runner who says to act for somebody else', async () => {
    const row = rowOf('ramet.keys.v1.KeyService/ListAvailableKeys');
    const metadata = { [ON_BEHALF]: cast.world.own.userId };
    const request = contract.encode(rpcOf(row), row.request(cast.world.own, cast.world));
    for (const who of ['stranger', 'overseer', 'runner', 'executor'] as const) {
      const options = { token: cast.tokens[who], metadata };
      const answer = await caller.call(test.addressOf('keys'), rpcOf(row), request, options);
      assert.equal(verdictOf(answer), expectedOf(row, who, 'own'), who);
    }
  });

  it('is no wider for many clones at once than for each of them', async () => {
    const { own, foreign, missing } = cast.world;
    const ids = [own.cloneId, foreign.cloneId, missing.cloneId];
    for (const name of ['StopClones', 'DeleteClones']) {
      const rpc = contract.rpc(`ramet.lifecycle.v1.CloneService/${name}`);
      for (const who of ['stranger', 'member'] as const) {
        const token = cast.tokens[who];
        const request = contract.encode(rpc, { ids });
        const answer = await caller.call(test.addressOf('lifecycle'), rpc, request, { token });
        const { results } = StopClonesResponse.decode(answer.response);
        assert.deepEqual(
          results.map(({ id, error }) => [id, error?.reason]),
          ids.map((id) => [id, 'CLONE_NOT_FOUND']),
          `${name} by a ${who}`,
        );
      }
    }
  });

  it('has no door to a runner on any address', async () => {
    for (const name of ON_SOCKETS) {
      for (const peer of PEERS) {
        for (const who of EVERYBODY) {
          const token = cast.tokens[who];
          const address = test.addressOf(peer);
          const rpc = contract.rpc(name);
          const { code } = await caller.call(address, rpc, new Uint8Array(), { token });
          assert.equal(code, 'UNIMPLEMENTED', `${name} at ${peer} by ${who}`);
        }
      }
    }
  });

  async function ask(row: Row, who: Person | Machine, target: Target): Promise<Answer> {
    const rpc = rpcOf(row);
    const request = contract.encode(rpc, row.request(cast.world[target], cast.world));
    const options: CallOptions = { token: cast.tokens[who], metadata: metadataFor(who) };
    const answers: Answer[] = [];
    for (const address of addressesOf(rpc)) {
      answers.push(await caller.call(address, rpc, request, options));
    }
    const [first, ...others] = answers;
    if (!first) throw new Error(`${rpc.name} is served nowhere`);
    for (const other of others) assert.equal(verdictOf(other), verdictOf(first), row.rpc);
    return first;
  }

  /** Lifecycle acts for the owner, as it would for the creator of a clone. */
  function metadataFor(who: Person | Machine): Readonly<Record<string, string>> {
    return who === 'lifecycle' ? { [ON_BEHALF]: cast.world.own.userId } : {};
  }

  function addressesOf({ room }: Rpc): readonly string[] {
    return EVERYWHERE.has(room) ? PEERS.map(test.addressOf) : [test.addressOf(room as Peer)];
  }
});

type Ask = (row: Row, who: Person | Machine, target: Target) => Promise<Answer>;

/** Every cell of a row: its name, what came back, and what the table says. */
async function cells(row: Row, ask: Ask): Promise<readonly (readonly [string, Answer, string])[]> {
  const targets = TARGETS.filter((target) => target !== 'personal' || row.people?.personal);
  const places = targets.flatMap((target) => {
    return (target === 'personal' ? PEOPLE : EVERYBODY).map((who) => ({ who, target }));
  });
  return Promise.all(
    places.map(async ({ who, target }) => {
      const answer = await ask(row, who, target);
      return [`${who} of ${target}`, answer, expectedOf(row, who, target)] as const;
    }),
  );
}

function verdictOf({ code, reason }: Answer): string {
  return code === 'OK' ? 'ok' : reason || code;
}

/** All that a caller can tell one refusal from another by, without what differs anyway. */
function shown({ code, message, details, trailers }: Answer, { world }: Cast): unknown {
  const { 'google.rpc.RequestInfo': _, ...rest } = details;
  let text = JSON.stringify({ code, message, details: rest, trailers });
  const ids = [world.foreign, world.missing].flatMap((things) => Object.values(things));
  for (const id of ids) text = text.replaceAll(id, `${id.slice(0, 3)}_`);
  return JSON.parse(text);
}

/** The kind of caller that an RPC would let in, were its token good. */
function kindFor({ rule }: Rpc): string {
  return (
    ['workload', 'service'].find((kind) => rule?.callers.some((each) => each === kind)) ?? 'user'
  );
}

function rpcOf({ rpc }: Row): Rpc {
  return contract.rpc(rpc);
}

function rowOf(name: string): Row {
  const row = TABLE.find(({ rpc }) => rpc === name);
  assert.ok(row);
  return row;
}
