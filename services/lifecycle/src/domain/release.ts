import type { Limits, Override, Parameter, Stage } from './spec.js';

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
