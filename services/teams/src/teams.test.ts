// Goal: the life of users, teams and bots, as callers of the API see it.
// Method: the real service on a real database. Only lifecycle is played, by a set of live epochs.

import assert from 'node:assert/strict';
import { SetupServiceService } from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { createDatabase } from '@ramet/test/support';
import { startTestTeams, type TestTeams } from './testing.js';

describe('the life of a team', () => {
  let house: House;

  before(async () => {
    house = await openHouse();
  });
  after(() => house[Symbol.asyncDispose]());

  it('begins with one administrator, made once against the token of the operator', async () => {
    const { teams } = house;
    await using setup = connect(SetupServiceService, teams.address);
    const wrong = { bootstrapToken: 'not the bootstrap token', name: 'eve' };

    await assert.rejects(setup.bootstrapAdmin(wrong), { reason: 'CREDENTIAL_INVALID' });
    const admin = await teams.admin();
    const again = { bootstrapToken: teams.bootstrapToken, name: 'eve' };

    assert.match(admin.apiKey, /^ramet_user_[0-9A-Za-z]{36}$/);
    await assert.rejects(setup.bootstrapAdmin(again), { reason: 'ALREADY_BOOTSTRAPPED' });
    await assert.rejects(setup.bootstrapAdmin(wrong), { reason: 'ALREADY_BOOTSTRAPPED' });
  });
});

interface House extends AsyncDisposable {
  readonly teams: TestTeams;
}

async function openHouse(): Promise<House> {
  const database = await createDatabase();
  const teams = await startTestTeams({ databaseUrl: database.url });
  return {
    teams,
    async [Symbol.asyncDispose]() {
      await teams[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
