import assert from 'node:assert/strict';

import { defaultSpec } from './release.js';
import type { Membership } from './sight.js';
import { newTemplate, type Template } from './template.js';
import {
  ALL_TEMPLATES,
  requireChange,
  requireMaker,
  type TemplateSight,
  templateSightOf,
} from './template-sight.js';

const NOON = new Date('2026-01-02T12:00:00Z');
const ANN = 'usr_00000000000000000000000001';
const TEAM = 'tem_00000000000000000000000001';

function templateOf(ownerId: string, more: Partial<Template> = {}): Template {
  const kind = ownerId.startsWith('usr_') ? ('user' as const) : ('team' as const);
  const wanted = {
    id: 'tpl_00000000000000000000000001',
    owner: { kind, id: ownerId },
    name: 'web',
    kind: 'BOT' as const,
    description: '',
    shared: false,
    spec: defaultSpec(),
    labels: {},
  };
  return { ...newTemplate(wanted, NOON), ...more };
}

function as(role?: Membership['role']): TemplateSight {
  return templateSightOf(ANN, role ? [{ teamId: TEAM, role }] : []);
}

type Verdict = 'may' | 'PERMISSION_DENIED' | 'TEMPLATE_NOT_FOUND';
type Case = readonly [string, TemplateSight, Template, boolean, Verdict, Verdict];

const DENIED = 'PERMISSION_DENIED';
const CASES: readonly Case[] = [
  ['their own', as(), templateOf(ANN), false, 'may', 'may'],
  ['their own, to share it', as(), templateOf(ANN), true, DENIED, DENIED],
  ['one of a stranger', as(), templateOf('usr_x'), false, DENIED, DENIED],
  ['one of another team', as(), templateOf(TEAM), false, DENIED, DENIED],
  ['one of their team, as a MEMBER', as('MEMBER'), templateOf(TEAM), false, DENIED, DENIED],
  ['one of their team, as an ADMIN', as('ADMIN'), templateOf(TEAM), false, 'may', 'may'],
  ['one of their team, as an OWNER', as('OWNER'), templateOf(TEAM), false, 'may', 'may'],
  ['any, as an administrator', ALL_TEMPLATES, templateOf('usr_x'), true, 'may', 'may'],
  [
    'one that is deleted',
    as(),
    templateOf(ANN, { deletedAt: NOON }),
    false,
    'may',
    'TEMPLATE_NOT_FOUND',
  ],
  [
    'one of others that is deleted',
    as(),
    templateOf('usr_x', { deletedAt: NOON }),
    false,
    DENIED,
    DENIED,
  ],
  ['one that is shared already', as(), templateOf(ANN, { shared: true }), true, DENIED, 'may'],
];

describe('a user who makes or changes a template:', () => {
  for (const [what, sight, template, shared, make, change] of CASES) {
    it(`${what}: ${make} make, ${change} change`, () => {
      assert.equal(
        verdict(() => requireMaker(sight, { ...template, shared })),
        make,
      );
      assert.equal(
        verdict(() => requireChange(sight, template, { shared })),
        change,
      );
    });
  }

  it('sees those of every team that they are in', () => {
    assert.deepEqual(as('MEMBER').seen, [ANN, TEAM]);
    assert.deepEqual(as().seen, [ANN]);
  });
});

function verdict(attempt: () => void): Verdict {
  try {
    attempt();
    return 'may';
  } catch (thrown) {
    return (thrown as { readonly reason: Verdict }).reason;
  }
}
