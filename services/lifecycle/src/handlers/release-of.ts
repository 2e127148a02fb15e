import { notFound } from '@ramet/errors';
import type { Deps, SealedSecret } from '../deps.js';
import type { Owner } from '../domain/clone.js';
import { type AskedChange, applyChanges, layered } from '../domain/overrides.js';
import type { GivenParameters } from '../domain/parameters.js';
import { type Release, resolveRelease } from '../domain/release.js';
import type { Limits, Override, Source, Spec } from '../domain/spec.js';

type Needs = Pick<Deps, 'ownerOverrides' | 'secrets'>;

/** What a release of a clone is made of. */
export interface ReleaseAsk {
  readonly cloneId: string;
  readonly owner: Owner;
  readonly spec: Spec;
  readonly templateRevision: number;
  readonly number: number;
  readonly tag: string;
  readonly given: GivenParameters;
  readonly limits: Limits;
  readonly botSource: Source | undefined;
  /** The clone's own layer as it is, and what is to change in it. */
  readonly ownLayer: readonly Override[];
  readonly changes: readonly AskedChange[];
}

/** A release, and the secret values that the clone needs for it, sealed. */
export interface MadeRelease {
  readonly release: Release;
  readonly secrets: readonly SealedSecret[];
}

/**
 * Makes a release: lays the overrides of template, owner and clone over each other, and checks all.
 *
 * Throws REQUEST_INVALID with everything that is wrong with it. Stores nothing.
 */
export async function makeRelease(
  { ownerOverrides, secrets }: Needs,
  ask: ReleaseAsk,
): Promise<MadeRelease> {
  const { cloneId, spec, ownLayer, changes, ...rest } = ask;
  const named = secrets.nameChanges(cloneId, changes);
  const own = applyChanges(ownLayer, named.kept, { as: 'CLONE', field: 'overrides' });
  const layer = await ownerOverrides.get(ask.owner);
  const all = layered(spec.overrides, layer.overrides, own);
  const release = resolveRelease({ ...rest, spec, overrides: all });

  const ofOwner = all.flatMap(({ layer: from, digest }) =>
    from === 'OWNER' && digest ? digest : [],
  );
  const copied = await secrets.sealedCopy({ from: ask.owner.id, to: cloneId }, ofOwner);
  return { release, secrets: [...secrets.sealedFor(cloneId, named.secrets), ...copied] };
}

/** The template that a request names, or undefined if it names none. */
export async function templateFor(
  { access, templates }: Pick<Deps, 'access' | 'templates'>,
  caller: { readonly id: string; readonly admin: boolean },
  { templateId, revision }: { readonly templateId: string; readonly revision: number },
) {
  if (templateId === '') return undefined;
  const template = await templates.get(
    templateId,
    revision,
    (await access.templateSightOf(caller)).seen,
  );
  if (!template.deletedAt) return template;
  throw notFound('template', templateId);
}
