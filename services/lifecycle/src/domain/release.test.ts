import assert from 'node:assert/strict';
import { defaultSpec, needsBot, type ReleaseWish, resolveRelease } from './release.js';
import type { ImageSource, ProcessSource, Spec, Stage } from './spec.js';

const BOT: ProcessSource = {
  kind: 'process',
  bundle: 'trader',
  command: ['node'],
  tag: 'v1',
  revision: 3,
};
const IMAGE: ImageSource = {
  kind: 'image',
  repository: 'acme/web',
  tag: 'v1',
  digest: '',
  command: [],
  revision: 0,
};
const PINNED: ImageSource = { ...IMAGE, digest: `sha256:${'0'.repeat(64)}` };

function stage(name: string, work: Stage['work']): Stage {
  return { name, work, always: false, oncePerRelease: false, limits: {}, ports: [] };
}

function wish(change: Partial<ReleaseWish>): ReleaseWish {
  return {
    spec: defaultSpec(),
    number: 1,
    templateRevision: 0,
    tag: '',
    given: { parameters: [] },
    limits: {},
    overrides: [],
    ...change,
  };
}

function specOf(...stages: readonly Stage[]): Spec {
  return { ...defaultSpec(), stages };
}

const WEB = specOf(
  stage('fetch', { kind: 'fetch_inputs' }),
  { ...stage('main', { kind: 'bot' }), limits: { memoryBytes: 1 } },
  stage('web', { kind: 'source', source: IMAGE }),
);

describe('a release', () => {
  it('of no template runs the bot, told whatever it is given', () => {
    const given = { parameters: [{ name: 'any', value: 'x' }] };
    assert.deepEqual(resolveRelease(wish({ botSource: BOT, given })), {
      number: 1,
      templateRevision: 0,
      tag: '',
      parameters: [{ name: 'any', value: 'x' }],
      overrides: [],
      limits: {},
      stages: [stage('main', { kind: 'source', source: BOT })],
    });
  });

  it('has a source for every stage that runs a program', () => {
    const { stages } = resolveRelease(wish({ spec: WEB, botSource: BOT }));
    assert.deepEqual(stages, [
      WEB.stages[0],
      { ...WEB.stages[1], work: { kind: 'source', source: BOT } },
      WEB.stages[2],
    ]);
  });

  it('puts its tag in place of those of its sources', () => {
    const { tag, stages } = resolveRelease(wish({ spec: WEB, botSource: BOT, tag: 'v2' }));
    const tags = stages.map(({ work }) => (work.kind === 'source' ? work.source.tag : work.kind));
    assert.deepEqual([tag, tags], ['v2', ['fetch_inputs', 'v2', 'v2']]);
  });

  it('has its own limits, else those of the template, and leaves those of stages alone', () => {
    const spec = { ...WEB, limits: { graceMs: 1, cpuMillis: 2 } };
    const release = resolveRelease(wish({ spec, botSource: BOT, limits: { cpuMillis: 5 } }));
    assert.deepEqual(release.limits, { graceMs: 1, cpuMillis: 5 });
    assert.deepEqual(release.stages[1]?.limits, { memoryBytes: 1 });
  });

  it('is refused with all that is wrong', () => {
    const bad = wish({
      spec: {
        ...specOf(stage('main', { kind: 'bot' }), stage('web', { kind: 'source', source: PINNED })),
        openParameters: false,
      },
      tag: 'v2',
      given: { parameters: [{ name: 'x', value: '' }], at: (n) => `set_parameters[${n}]` },
    });
    assert.throws(() => resolveRelease(bad), {
      violations: [
        { field: 'bot_id', description: 'is required: stage main runs its source' },
        {
          field: 'tag',
          description: 'must be empty: the image of stage web is pinned by its digest',
        },
        {
          field: 'set_parameters[0].name',
          description: 'is no parameter of the template: x',
        },
      ],
    });
  });

  it('needs no bot where all stages have sources', () => {
    const spec = specOf(stage('web', { kind: 'source', source: PINNED }));
    assert.equal(needsBot(spec), false);
    assert.equal(needsBot(WEB), true);
    assert.deepEqual(resolveRelease(wish({ spec })).stages, spec.stages);
  });

  it('takes no tag for a bot that is pinned', () => {
    assert.throws(() => resolveRelease(wish({ botSource: PINNED, tag: 'v2' })), /pinned/);
  });
});
