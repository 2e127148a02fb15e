// Goal: a page token is good for whoever got it and what they asked for, and for nothing else.
// Method: every RPC that pages, on a whole mesh, with tokens of others, of other requests and of
// nobody.

import assert from 'node:assert/strict';
import { fromBinary, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { EntitledKind } from '@ramet/proto-gen/teams.v1';
import { type Cast, sharedCast } from './access/cast.js';
import type { Person } from './access/row.js';
import { TABLE } from './access/table.js';
import { type Answer, type Caller, openCaller } from './support/call.js';
import { peerOf, type Rpc, readContract } from './support/contract.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import { aName, openAuthor, ownerMessage } from './support/story.js';

const contract = readContract();
const PAGED = TABLE.filter(({ rpc, people }) => {
  const { input } = contract.rpc(rpc).method;
  return people !== undefined && input.fields.some(({ name }) => name === 'page_token');
});

/** Lists that have one item in the story, or none: they give no token to try. */
const SHORT =
  /\/(ListGrants|ListSignatures|ListDenials|ListSignedHeads|ListProviders|ListExecutions|ListCloneExecutions|ListResults)$/;

describe('a page token', () => {
  let test: TestMesh;
  let cast: Cast;
  let caller: Caller;

  before(async () => {
    test = await sharedMesh();
    cast = await sharedCast(test);
    caller = openCaller(contract, test.ways);
    await using author = await openAuthor(test);
    const { users, teams, bots } = author.as(cast.tokens.owner);
    const owner = { teamId: cast.world.own.teamId };
    await Promise.all([1, 2].map(() => author.key({ token: cast.tokens.owner }, owner)));
    const wish = { requestId: '', userId: '', expireTime: undefined, scopes: [] };
    await users.createApiKey({ ...wish, name: 'one more' });
    await teams.createTeam({ requestId: '', name: aName() });
    const { teamId, userId } = cast.world.own;
    for (const each of [{ teamId }, { userId }]) {
      const listed = { owner: ownerMessage(each), kinds: [EntitledKind.BOT], reason: 'a test' };
      await author.admin.standings.grantAccess(listed);
    }
    await bots.createBot({ requestId: '', teamId, name: aName(), teamSource: undefined });
    const { webhooks } = author.as(cast.tokens.owner);
    await author.webhook({ token: cast.tokens.owner }, owner);
    await webhooks.pingWebhook({ id: cast.world.own.webhookId });
    await author.template({ token: cast.tokens.owner }, owner);
    await author.invitation({ token: cast.tokens.owner }, teamId);
    await author.account({ token: cast.tokens.owner }, teamId);
    await author.account({ token: cast.tokens.owner }, teamId);
  });
  after(() => caller?.[Symbol.dispose]());

  for (const { rpc: name, request } of PAGED) {
    const rpc = contract.rpc(name);
    const usual = (): JsonObject => ({
      ...(request(cast.world.own, cast.world) as JsonObject),
      pageSize: 1,
    });

    it(`of nobody is refused by ${name}`, async () => {
      for (const pageToken of ['x', 'AAAA', '{}', '-1', '0', '%00', 'ey'.repeat(500), ' ']) {
        const answer = await ask(rpc, callerOf(name), { ...usual(), pageToken });
        assert.deepEqual([answer.code, answer.fields], ['INVALID_ARGUMENT', ['page_token']]);
      }
    });

    if (SHORT.test(name)) continue;

    it(`of ${name} leads on to other items`, async () => {
      const first = await ask(rpc, callerOf(name), usual());
      const second = await ask(rpc, callerOf(name), { ...usual(), pageToken: tokenOf(rpc, first) });
      assert.equal(second.code, 'OK');
      assert.notDeepEqual(itemsOf(rpc, second), itemsOf(rpc, first));
    });

    it(`of ${name} is good for nobody else, and for nothing else`, async () => {
      const pageToken = tokenOf(rpc, await ask(rpc, callerOf(name), usual()));
      const other = callerOf(name) === 'owner' ? 'manager' : 'owner';
      const stolen = await ask(rpc, other, { ...usual(), pageToken });
      assert.notEqual(stolen.code, 'OK');
      for (const { rpc: elsewhere, request: wish } of PAGED) {
        if (elsewhere === name || callerOf(elsewhere) !== callerOf(name)) continue;
        const body = { ...(wish(cast.world.own, cast.world) as JsonObject), pageToken };
        const answer = await ask(contract.rpc(elsewhere), callerOf(name), body);
        assert.deepEqual(
          [answer.code, answer.fields],
          ['INVALID_ARGUMENT', ['page_token']],
          elsewhere,
        );
      }
    });
  }

  it('is as little to be made up as a cursor is', async () => {
    const watch = contract.rpc('ramet.lifecycle.v1.CloneService/WatchClones');
    const far = Buffer.alloc(8, 0x7f);
    const cursors = [Buffer.from('x'), Buffer.alloc(256), far, Buffer.from('{"position":1}')];
    for (const cursor of cursors) {
      const { code, fields } = await ask(watch, 'owner', { cursor: cursor.toString('base64') });
      assert.deepEqual([code, fields], ['INVALID_ARGUMENT', ['cursor']]);
    }
  });

  function ask(rpc: Rpc, who: Person, body: JsonValue): Promise<Answer> {
    const address = test.addressOf(peerOf(rpc.room));
    return caller.call(address, rpc, contract.encode(rpc, body), { token: cast.tokens[who] });
  }
});

/** Somebody who may list. */
function callerOf(name: string): Person {
  return /\/(ListUsers|ListTeams|ListStandings|ListExecutions|ListProviders)$/.test(name)
    ? 'overseer'
    : 'owner';
}

function tokenOf(rpc: Rpc, { code, response }: Answer): string {
  assert.equal(code, 'OK');
  const { nextPageToken } = fromBinary(rpc.method.output, response) as unknown as {
    nextPageToken: string;
  };
  assert.notEqual(nextPageToken, '', 'there is no second page');
  return nextPageToken;
}

/** The bytes of what a page lists: all but its token. */
function itemsOf({ method }: Rpc, { response }: Answer): unknown {
  const { nextPageToken: _, ...items } = fromBinary(method.output, response) as unknown as {
    nextPageToken: string;
  };
  return items;
}
