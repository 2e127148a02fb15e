// Goal: of what administrators say at once one order is kept, and the history tells all of it.
// Method: two replicas on one database, each told half of it.

import assert from 'node:assert/strict';
import { verifyChain } from '@ramet/database';
import type { HistoryEntry } from '@ramet/proto-gen/history.v1';
import { EntitledKind, StandingChanged } from '@ramet/proto-gen/teams.v1';
import { Scope } from '@ramet/service';
import { type Api, apiOf, type House, openHouse, ownerOf } from './test-house.js';
import { startTestTeams } from './testing.js';

const { BOT } = EntitledKind;

describe('the history of the lists of owners', () => {
  let scope: Scope;
  let house: House;
  let admin: Api;
  let elsewhere: Api;

  before(async () => {
    scope = new Scope();
    house = scope.use(await openHouse());
    const { databaseUrl, teams } = house;
    const options = { databaseUrl, tokenKeys: teams.tokenKeys };
    const other = scope.use(await startTestTeams(options));
    const { token } = await teams.admin();
    admin = house.as(token);
    elsewhere = apiOf(other.address, token, scope);
  });
  after(() => scope[Symbol.asyncDispose]());

  it('has what is said twice once', async () => {
    const { id } = await house.teams.createUser('twice');
    const owner = ownerOf(id);
    const deny = () => admin.standings.denyOwner({ owner, reason: 'mines coins' });
    assert.deepEqual(await deny(), await deny());
    const grant = () => admin.standings.grantAccess({ owner, kinds: [BOT], reason: 'a contract' });
    assert.deepEqual(await grant(), await grant());
    const withdraw = () => admin.standings.withdrawAccess({ owner, reason: 'the end' });
    assert.deepEqual(await withdraw(), await withdraw());
    const allow = () => admin.standings.allowOwner({ owner, reason: 'a mistake' });
    assert.deepEqual(await allow(), await allow());

    const told = await historyOf(house, id, 4);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      [
        'standing.denied',
        'standing.access_granted',
        'standing.access_withdrawn',
        'standing.allowed',
      ],
    );
  });

  it('has one order when many speak at once, and folds into what stands', async () => {
    const { id } = await house.teams.createUser('contested');
    const owner = ownerOf(id);
    const reasons = Array.from({ length: 6 }, (_, place) => `round ${place}`);
    const answers = await Promise.all(
      reasons.flatMap((reason) => [
        admin.standings.denyOwner({ owner, reason }),
        elsewhere.standings.allowOwner({ owner, reason }),
        elsewhere.standings.grantAccess({ owner, kinds: [BOT], reason }),
        admin.standings.withdrawAccess({ owner, reason }),
      ]),
    );

    const { standing } = await admin.standings.getStanding({ owner });
    assert.ok(standing && standing.seq >= reasons.length * 2);
    const told = await historyOf(house, id, standing.seq);
    assert.deepEqual(
      told.map(({ seq }) => seq),
      told.map((_, place) => place + 1),
    );
    const states = told.map(({ payload }) => StandingChanged.decode(payload));
    assert.deepEqual(states.at(-1)?.standing, standing);
    states.forEach((state, place) => {
      assert.deepEqual(state.before, states[place - 1]?.standing);
    });
    for (const answer of answers) {
      const { seq = 0 } = answer.standing ?? {};
      if (seq > 0) assert.deepEqual(answer.standing, states[seq - 1]?.standing);
    }
    const links = told.map((entry) => ({
      ...entry,
      aggregate: entry.aggregateId,
      prevHash: Buffer.from(entry.prevHash),
      hash: Buffer.from(entry.hash),
    }));
    assert.equal(verifyChain(links), undefined);
  });
});

/** Reads what happened to where an owner stands, until the given change has its position. */
async function historyOf(house: House, ownerId: string, seq: number): Promise<HistoryEntry[]> {
  const { history } = await house.asService('lifecycle');
  for (;;) {
    const { entries } = await history.readHistory({ after: 0n, pageSize: 1_000 });
    const own = entries.filter(({ aggregateId }) => aggregateId === `std_${ownerId}`);
    if (own.some((entry) => entry.seq === seq)) return own;
  }
}
