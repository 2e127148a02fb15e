import assert from 'node:assert/strict';
import { type AdmissionFacts, admit } from './admission.js';
import type { Owner } from './bot.js';
import {
  allow,
  type DecideStanding,
  deny,
  grantAccess,
  noStanding,
  type OwnerStanding,
} from './owner-standing.js';
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

const NEVER = noStanding(TEAM);
const DENIED = standingAfter(NEVER, deny('mines coins'));
const LISTED = standingAfter(NEVER, grantAccess(['bot'], 'has a contract'));

/** What is answered where the access list is on, and where it is off. */
const LISTS: readonly (readonly [string, Partial<AdmissionFacts>, string, string])[] = [
  ['an owner on no list', { ownerStanding: NEVER }, 'OWNER_NOT_ADMITTED', 'team'],
  ['an owner on the access list', { ownerStanding: LISTED }, 'team', 'team'],
  ['an owner on the deny list', { ownerStanding: DENIED }, 'OWNER_DENIED', 'OWNER_DENIED'],
  [
    'an owner on both lists',
    { ownerStanding: standingAfter(LISTED, deny('mines coins')) },
    'OWNER_DENIED',
    'OWNER_DENIED',
  ],
  [
    'an owner who was on the deny list',
    { ownerStanding: standingAfter(DENIED, allow('a mistake')) },
    'OWNER_NOT_ADMITTED',
    'team',
  ],
  [
    'a user on the deny list, for a team on the access list',
    { ownerStanding: LISTED, userDeniedReason: 'mines coins' },
    'OWNER_DENIED',
    'OWNER_DENIED',
  ],
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

  for (const [what, lists, closed, open] of LISTS) {
    it(`answers ${what} with ${open}, and where the access list is on with ${closed}`, () => {
      assert.equal(verdict({ ...factsOf('owner'), ...lists }, TEAM), open);
      assert.equal(verdict({ ...factsOf('owner'), ...lists }, TEAM, true), closed);
    });
  }

  it('tells nobody of a list who may not act for the owner', () => {
    const facts = { ...factsOf('member'), ownerStanding: DENIED };
    assert.equal(verdict(facts, TEAM), 'PERMISSION_DENIED');
    assert.equal(verdict({ ...facts, standing: 'stranger' }, TEAM), 'BOT_NOT_FOUND');
  });

  it('says why before it asks for a source', () => {
    const facts = { ...factsOf('owner'), ownerStanding: DENIED, teamSource: null };
    assert.equal(verdict(facts, TEAM), 'OWNER_DENIED');
    const wish = { botId: 'bot_1', owner: TEAM, userId: 'ada' };
    assert.throws(() => admit(wish, facts, { accessListEnabled: false }), {
      code: 'permission_denied',
      message: 'the team is on the deny list: mines coins',
      metadata: { action: 'clones.admit', owner_id: 'tem_1' },
    });
  });
});

function verdict(
  facts: AdmissionFacts | undefined,
  owner: Owner,
  accessListEnabled = false,
): string {
  try {
    const wish = { botId: 'bot_1', owner, userId: 'ada' };
    const { program } = admit(wish, facts, { accessListEnabled }).source;
    return program.kind === 'process' ? program.bundle : program.repository;
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
    ownerStanding: noStanding(PERSONAL),
    userDeniedReason: null,
    isServiceAccount: false,
  };
}

function standingAfter(standing: OwnerStanding, decide: DecideStanding): OwnerStanding {
  return decide({ standing, actor: 'user:root', now: new Date(0) })?.after ?? standing;
}
