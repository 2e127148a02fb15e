// Goal: the history tells everything that happened, in order, and nothing else.
// Method: a few changes of each kind, read back as another service would.

import assert from 'node:assert/strict';
import { verifyChain } from '@ramet/database';
import type { HistoryEntry } from '@ramet/proto-gen/history.v1';
import {
  ApiKeyChanged,
  BotChanged,
  TeamChanged,
  TeamRole,
  UserChanged,
} from '@ramet/proto-gen/teams.v1';
import {
  type Api,
  type Crew,
  createCrew,
  FIRST,
  type House,
  image,
  openHouse,
  ownerOf,
  source,
} from './test-house.js';

describe('the history of teams', () => {
  let house: House;
  let crew: Crew;
  let asOwner: Api;
  let asMember: Api;
  let entries: readonly HistoryEntry[];

  before(async () => {
    house = await openHouse();
    crew = await createCrew(house, 'quants');
    asOwner = house.as(crew.owner.token);
    asMember = house.as(crew.member.token);
    await changeThings();
    entries = await readAll(await house.asService('keys'), crew.bot.id, 4);
  });
  after(() => house[Symbol.asyncDispose]());

  it('numbers all changes densely, from one', () => {
    assert.deepEqual(
      entries.map(({ position }) => position),
      entries.map((_, place) => BigInt(place + 1)),
    );
  });

  it('chains the changes of each thing', () => {
    for (const [aggregate, chain] of byAggregate(entries)) {
      assert.equal(chain[0]?.seq, 1);
      const links = chain.map((entry) => ({
        ...entry,
        aggregate,
        prevHash: Buffer.from(entry.prevHash),
        hash: Buffer.from(entry.hash),
      }));
      assert.equal(verifyChain(links), undefined);
    }
  });

  it('says what happened, and who did it', () => {
    const told = (id: string): readonly string[] =>
      (byAggregate(entries).get(id) ?? []).map(({ kind, actor }) => `${kind} ${nameOf(actor)}`);
    assert.deepEqual(told(crew.team.id), [
      'team.created owner',
      'team.member_set owner',
      'team.member_set owner',
      'team.member_set owner',
      'team.member_removed admin',
    ]);
    assert.deepEqual(told(crew.bot.id), [
      'bot.created owner',
      'bot.source_set member',
      'bot.source_set owner',
      'bot.deleted owner',
    ]);
    assert.deepEqual(told(crew.member.id), [
      'user.created root',
      'user.api_key_created root',
      'user.api_key_created member',
      'user.api_key_revoked member',
    ]);
  });

  it('folds into each user as they are, with their keys', async () => {
    for (const person of [crew.owner, crew.admin, crew.member]) {
      const { user } = await house.as(person.token).users.getUser({ id: '' });
      const chain = byAggregate(entries).get(person.id) ?? [];
      const created = UserChanged.decode(chain[0]?.payload ?? new Uint8Array()).user;
      assert.deepEqual({ ...created, etag: `r${chain.length}` }, user);

      const { apiKeys } = await house.as(person.token).users.listApiKeys({ userId: '', ...FIRST });
      const keys = new Map(chain.slice(1).map(({ payload }) => keyIn(payload)));
      // That a key was used is no change of it.
      const asChanged = apiKeys.map((key) => ({ ...key, lastUsedTime: undefined }));
      assert.deepEqual([...keys.values()], asChanged);
    }
  });

  it('folds into the team as it is, with its members', async () => {
    const { team } = await asOwner.teams.getTeam({ id: crew.team.id });
    const { members } = await asOwner.teams.listTeamMembers({
      teamId: crew.team.id,
      userId: '',
      ...FIRST,
    });
    const last = byAggregate(entries).get(crew.team.id)?.at(-1);
    assert.deepEqual(TeamChanged.decode(last?.payload ?? new Uint8Array()), { team, members });
  });

  it('folds into the bot as it is, with all of its sources', async () => {
    const { bot } = await asMember.bots.getBot({ id: crew.bot.id });
    const last = byAggregate(entries).get(crew.bot.id)?.at(-1);
    const told = BotChanged.decode(last?.payload ?? new Uint8Array());
    assert.deepEqual(told.bot, { ...bot, personalSource: undefined });
    assert.deepEqual(told.personalSources, [
      { userId: crew.member.id, source: bot?.personalSource },
    ]);
  });

  it('has no secret in it', async () => {
    const all = Buffer.concat(entries.map(({ payload }) => Buffer.from(payload))).toString(
      'latin1',
    );
    for (const { apiKey } of [crew.owner, crew.admin, crew.member]) {
      assert.ok(!all.includes(apiKey.slice(-20)));
    }
  });

  it('is read by services alone, from a position on', async () => {
    const { history } = await house.asService('executor');
    const after = entries.at(-2)?.position ?? 0n;
    const page = await history.readHistory({ after, pageSize: 0 });
    assert.deepEqual(page.entries, entries.slice(-1));

    const beyond = history.readHistory({ after: 2n ** 64n - 1n, pageSize: 0 });
    await assert.rejects(beyond, { reason: 'REQUEST_INVALID' });
    const foreign = (await house.asAdmin()).history.readHistory({ after: 0n, pageSize: 0 });
    await assert.rejects(foreign, { reason: 'PERMISSION_DENIED' });
  });

  async function changeThings(): Promise<void> {
    const { team, bot, admin, member } = crew;
    const own = { id: bot.id, owner: ownerOf(member.id), source: source('own', 'v2') };
    await asMember.bots.setBotSource(own);
    await asMember.bots.setBotSource(own);
    await asOwner.bots.setBotSource({ ...own, owner: ownerOf(team.id), source: image({}) });
    const wish = { requestId: '', userId: '', name: 'second', expireTime: undefined, scopes: [] };
    const { apiKey } = await asMember.users.createApiKey(wish);
    await asMember.users.revokeApiKey({ id: apiKey?.id ?? '' });
    await asMember.users.revokeApiKey({ id: apiKey?.id ?? '' });
    const role = TeamRole.OWNER;
    await asOwner.teams.setTeamMember({ teamId: team.id, userId: admin.id, role });
    const leave = { teamId: team.id, userId: admin.id };
    await house.as(admin.token).teams.removeTeamMember(leave);
    await asOwner.bots.deleteBot({ id: bot.id, etag: '' });
  }

  function nameOf(actor: string): string {
    const { owner, admin, member } = crew;
    const names = { [owner.id]: 'owner', [admin.id]: 'admin', [member.id]: 'member' };
    return names[actor.replace('user:', '')] ?? 'root';
  }
});

/** Reads until the last change of a thing has its position, which it gets after its commit. */
async function readAll(
  { history }: Api,
  aggregateId: string,
  seq: number,
): Promise<readonly HistoryEntry[]> {
  for (;;) {
    const { entries } = await history.readHistory({ after: 0n, pageSize: 1_000 });
    if (entries.some((entry) => entry.aggregateId === aggregateId && entry.seq === seq)) {
      return entries;
    }
  }
}

function byAggregate(entries: readonly HistoryEntry[]): ReadonlyMap<string, HistoryEntry[]> {
  const chains = new Map<string, HistoryEntry[]>();
  for (const entry of entries) {
    const chain = chains.get(entry.aggregateId) ?? [];
    chains.set(entry.aggregateId, [...chain, entry]);
  }
  return chains;
}

function keyIn(payload: Uint8Array) {
  const { apiKey } = ApiKeyChanged.decode(payload);
  return [apiKey?.id, apiKey] as const;
}
