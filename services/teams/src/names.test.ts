// Goal: no two names, and no two ids, stand for one thing, however alike they look (T5).
// Method: the real service on a real database, with spellings of names that exist.

import assert from 'node:assert/strict';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { type Api, type Crew, createCrew, type House, openHouse } from './test-house.js';

/** Spellings of `ada-owner` that a careless comparison takes for it. */
const SPELLINGS: Readonly<Record<string, string>> = {
  'in capitals': 'ADA-OWNER',
  'with a capital': 'Ada-owner',
  'with a space after it': 'ada-owner ',
  'with a space before it': ' ada-owner',
  'with a zero-width space': 'ada\u200b-owner',
  'with a zero-width joiner': 'ada\u200d-owner',
  'with a letter of another script': '\u0430da-owner',
  'composed (NFC)': '\u00e4da-owner',
  'decomposed (NFD)': 'a\u0308da-owner',
  'in full width': '\uff41da-owner',
  'with a soft hyphen': 'ada\u00ad-owner',
  'with a null': 'ada-owner\u0000',
  'with a line end': 'ada-owner\n',
};

describe('T5: names and ids', () => {
  let house: House;
  let crew: Crew;
  let admin: Api;
  let owner: Api;

  before(async () => {
    house = await openHouse();
    crew = await createCrew(house, 'ada');
    admin = await house.asAdmin();
    owner = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  for (const [what, name] of Object.entries(SPELLINGS)) {
    it(`never alias: a name ${what} is refused for everything`, async () => {
      const teamId = crew.team.id;
      const common = { requestId: '', name };
      for (const refused of [
        admin.users.createUser({ ...common, admin: false }),
        owner.teams.createTeam(common),
        owner.bots.createBot({ ...common, teamId, teamSource: undefined }),
        owner.accounts.createServiceAccount({ ...common, teamId, role: TeamRole.MEMBER }),
      ]) {
        await assert.rejects(refused, { code: 'INVALID_ARGUMENT', reason: 'REQUEST_INVALID' });
      }
    });
  }

  it('never alias: an id in capitals is none', async () => {
    const id = crew.team.id;
    for (const other of [id.toUpperCase(), `${id.slice(0, -1)}${id.slice(-1).toUpperCase()} `]) {
      await assert.rejects(owner.teams.getTeam({ id: other }), { reason: 'REQUEST_INVALID' });
    }
  });
});
