import assert from 'node:assert/strict';
import { type AdmissionFacts, admit } from './admission.js';
import type { Owner } from './bot.js';
import type { Standing } from './role.js';

const PERSONAL: Owner = { kind: 'user', userId: 'ada' };
const TEAM: Owner = { kind: 'team', teamId: 'tem_1' };

const CASES: readonly (readonly [Standing, string, string])[] = [
  ['owner', 'own', 'team'],
  ['admin', 'own', 'team'],
  ['member', 'own', 'PERMISSION_DENIED'],
  ['overseer', 'PERMISSION_DENIED', 'PERMISSION_DENIED'],
  ['stranger', 'BOT_NOT_FOUND', 'BOT_NOT_FOUND'],
];

describe('admit', () => {
  for (const [standing, personal, team] of CASES) {
    it(`answers an ${standing} with ${personal} for themselves and ${team} for the team`, () => {
      assert.equal(verdict(factsOf(standing), PERSONAL), personal);
      assert.equal(verdict(factsOf(standing), TEAM), team);
    });
  }

  it('finds no bot of which nothing is known', () => {
    assert.equal(verdict(undefined, PERSONAL), 'BOT_NOT_FOUND');
  });

  it('lets nobody run a clone for another user or another team', () => {
    const facts = factsOf('owner');
    assert.equal(verdict(facts, { kind: 'user', userId: 'bob' }), 'PERMISSION_DENIED');
    assert.equal(verdict(facts, { kind: 'team', teamId: 'tem_2' }), 'PERMISSION_DENIED');
  });

  it('asks for the source of that owner, and takes no other', () => {
    const facts = factsOf('owner');
    assert.equal(verdict({ ...facts, personalSource: null }, PERSONAL), 'BOT_SOURCE_MISSING');
    assert.equal(verdict({ ...facts, teamSource: null }, TEAM), 'BOT_SOURCE_MISSING');
  });
});

function verdict(facts: AdmissionFacts | undefined, owner: Owner): string {
  try {
    return admit('bot_1', facts, owner, 'ada').source.program.bundle;
  } catch (thrown) {
    return (thrown as { reason: string }).reason;
  }
}

function factsOf(standing: Standing): AdmissionFacts {
  const source = (bundle: string) => ({
    program: { kind: 'process' as const, bundle, command: ['x'] },
    revision: 1,
  });
  return {
    botId: 'bot_1',
    botName: 'trader',
    teamId: 'tem_1',
    standing,
    teamSource: source('team'),
    personalSource: source('own'),
  };
}
