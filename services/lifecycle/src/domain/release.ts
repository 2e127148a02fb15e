import { invalid, type Violation } from '@ramet/errors';
import { overrideViolations } from './overrides.js';
import { type GivenParameters, parameterViolations, withDefaults } from './parameters.js';
import type { Limits, Override, Parameter, Source, Spec, Stage } from './spec.js';

/** What a clone runs, as one numbered whole: an update makes the next one. */
export interface Release {
  readonly number: number;
  /** Zero: there is no template. */
  readonly templateRevision: number;
  /** What takes the place of the tags of its sources. Empty: they stay. */
  readonly tag: string;
  readonly parameters: readonly Parameter[];
  /** All that hold, of all layers. */
  readonly overrides: readonly Override[];
  readonly limits: Limits;
  /** What runs, with the sources and tags that hold. */
  readonly stages: readonly Stage[];
}

/** What a release is made of. */
export interface ReleaseWish extends Pick<Release, 'number' | 'templateRevision' | 'tag'> {
  readonly spec: Spec;
  /** Absent: there is no bot. */
  readonly botSource?: Source | undefined;
  /** As they are given: defaults come from the spec. */
  readonly given: GivenParameters;
  /** As they are given: what they leave out comes from the spec. */
  readonly limits: Limits;
  /** All that hold, of all layers. */
  readonly overrides: readonly Override[];
}

/**
 * The release that a clone is to run.
 *
 * Throws REQUEST_INVALID with everything that is wrong with it together.
 */
export function resolveRelease(wish: ReleaseWish): Release {
  const { spec, number, templateRevision, tag, given, overrides } = wish;
  const violations = [
    ...botViolations(wish),
    ...tagViolations(wish),
    ...parameterViolations(spec, given),
    ...overrideViolations(overrides),
  ];
  if (violations.length > 0) throw invalid(...violations);

  return {
    number,
    templateRevision,
    tag,
    parameters: withDefaults(spec.parameters, given.parameters),
    overrides,
    limits: { ...spec.limits, ...wish.limits },
    stages: spec.stages.map((stage) => resolved(stage, wish)),
  };
}

/** What a clone without a template is: a stage that runs its bot, told whatever it is given. */
export function defaultSpec(): Spec {
  return {
    stages: [
      {
        name: 'main',
        work: { kind: 'bot' },
        always: false,
        oncePerRelease: false,
        limits: {},
        ports: [],
      },
    ],
    parameters: [],
    openParameters: true,
    limits: {},
    overrides: [],
    policy: {},
  };
}

/** Tells whether clones of a spec need a bot: a stage has no source of its own. */
export function needsBot({ stages }: Spec): boolean {
  return stages.some(({ work }) => work.kind === 'bot');
}

function resolved(stage: Stage, wish: ReleaseWish): Stage {
  const source = sourceOf(stage, wish);
  if (!source) return stage;
  const tagged = wish.tag === '' ? source : { ...source, tag: wish.tag };
  return { ...stage, work: { kind: 'source', source: tagged } };
}

function sourceOf({ work }: Stage, { botSource }: ReleaseWish): Source | undefined {
  switch (work.kind) {
    case 'bot':
      return botSource;
    case 'source':
      return work.source;
    case 'fetch_inputs':
      return undefined;
  }
}

function botViolations({ spec, botSource }: ReleaseWish): readonly Violation[] {
  if (botSource || !needsBot(spec)) return [];
  const stage = spec.stages.find(({ work }) => work.kind === 'bot');
  return [{ field: 'bot_id', description: `is required: stage ${stage?.name} runs its source` }];
}

/** A digest names what runs for good: a tag cannot take its place without saying so. */
function tagViolations(wish: ReleaseWish): readonly Violation[] {
  if (wish.tag === '') return [];
  return wish.spec.stages.flatMap((stage) => {
    const source = sourceOf(stage, wish);
    if (source?.kind !== 'image' || source.digest === '') return [];
    const description = `must be empty: the image of stage ${stage.name} is pinned by its digest`;
    return [{ field: 'tag', description }];
  });
}
