import assert from 'node:assert/strict';
import { type BotView, deleteBot, newBot, type Owner, setSource } from './bot.js';
import type { Standing } from './role.js';
import type { Program } from './source.js';

const AT = new Date('2026-01-02T03:04:05Z');
const TEAM: Owner = { kind: 'team', teamId: 'tem_1' };
const ADA: Owner = { kind: 'user', userId: 'ada' };
const ONE = program('one');
const TWO = program('two');

describe('setSource', () => {
  it('counts each time that a source is set', () => {
    const first = setSource(TEAM, ONE, 'ada')(botOf('admin'));
    assert.deepEqual(first?.state.bot.teamSource, { program: ONE, revision: 1 });
    const second = setSource(TEAM, TWO, 'ada')({ ...botOf('admin'), ...first?.state });
    assert.deepEqual(second?.state.bot.teamSource, { program: TWO, revision: 2 });
  });

  it('changes nothing for the same source', () => {
    const first = setSource(TEAM, ONE, 'ada')(botOf('admin'));
    const view = { ...botOf('admin'), ...first?.state };
    assert.equal(setSource(TEAM, program('one'), 'ada')(view), undefined);
  });

  it('keeps personal sources apart', () => {
    const ada = setSource(ADA, ONE, 'ada')(botOf('member'));
    const view = { ...botOf('member'), ...ada?.state };
    const bob = setSource({ kind: 'user', userId: 'bob' }, TWO, 'bob')(view);
    assert.deepEqual(bob?.state.personalSources, [
      { userId: 'ada', source: { program: ONE, revision: 1 } },
      { userId: 'bob', source: { program: TWO, revision: 1 } },
    ]);
    assert.equal(bob?.state.bot.teamSource, null);
  });

  it('lets nobody set the source of somebody else', () => {
    for (const standing of ['owner', 'admin', 'member', 'overseer'] as const) {
      assert.throws(() => setSource(ADA, ONE, 'eve')(botOf(standing)), {
        reason: 'PERMISSION_DENIED',
      });
    }
  });

  it("refuses a team that is not the bot's", () => {
    const decide = setSource({ kind: 'team', teamId: 'tem_2' }, ONE, 'ada');
    assert.throws(() => decide(botOf('owner')), { reason: 'REQUEST_INVALID' });
  });

  it('refuses sources that together are too large to be told', () => {
    const large = { ...ONE, command: ['x'.repeat(256 * 1024)] };
    assert.throws(() => setSource(ADA, large, 'ada')(botOf('member')), {
      reason: 'QUOTA_EXCEEDED',
    });
  });

  it('finds no bot that was deleted', () => {
    const deleted = { ...botOf('owner'), ...deleteBot('')(botOf('owner'))?.state };
    assert.throws(() => setSource(TEAM, ONE, 'ada')(deleted), { reason: 'BOT_NOT_FOUND' });
  });
});

describe('deleteBot', () => {
  it('changes nothing the second time', () => {
    const first = deleteBot('')(botOf('admin'));
    assert.equal(first?.state.bot.deletedAt, AT);
    assert.equal(deleteBot('other')({ ...botOf('admin'), ...first?.state }), undefined);
  });

  it('goes by the etag', () => {
    assert.throws(() => deleteBot('other')(botOf('admin')), { reason: 'ETAG_STALE' });
    assert.ok(deleteBot('r1')(botOf('admin')));
  });
});

function botOf(standing: Standing): BotView {
  const wish = { id: 'bot_1', teamId: 'tem_1', name: 'trader', program: undefined };
  return { ...newBot(wish, AT), standing, now: AT };
}

function program(bundle: string): Program {
  return { kind: 'process', bundle, command: ['node', 'bot.mjs'] };
}
