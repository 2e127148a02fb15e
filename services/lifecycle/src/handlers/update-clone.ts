import { invalid } from '@ramet/errors';
import { UpdateCloneRequest, type UpdateCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps, SealedSecret } from '../deps.js';
import type { Clone } from '../domain/clone.js';
import { changeParameters, givenOf } from '../domain/parameters.js';
import { defaultSpec, needsBot, type Release } from '../domain/release.js';
import { askToUpdate, renamed } from '../domain/requests.js';
import type { Source, Spec } from '../domain/spec.js';
import { toCloneMessage } from '../messages.js';
import { fromChangeMessage } from '../override-messages.js';
import { fromLimitsMessage } from '../spec-messages.js';
import { type ActNeeds, act } from './act.js';
import { etagStale, requireEtag } from './etag.js';
import { makeRelease } from './release-of.js';
import { shownParameters } from './shown-parameters.js';

type Needs = ActNeeds & Pick<Deps, 'reads' | 'templates' | 'ownerOverrides' | 'secrets'>;

const FIELDS = ['name', 'labels', 'tag', 'limits', 'template_revision'] as const;
type Field = (typeof FIELDS)[number];

/**
 * Changes a clone: its name and labels at once, what it runs by its reconciler.
 *
 * All is checked against the clone as it is read; if it changes meanwhile, once more.
 */
export function updateClone(needs: Needs): Unary<UpdateCloneRequest, UpdateCloneResponse> {
  const { access, reads } = needs;
  return async (message, call) => {
    const fields = maskOf(message);
    const sight = await access.sightOf(call.caller);
    const clone = await reads.get(message.id, sight);
    const made = await releaseAfter(needs, clone, { message, fields });
    const decide = (latest: Clone): Clone => changed(latest, { message, fields, made, clone });
    if (message.validateOnly) {
      requireEtag(clone, message.etag);
      return { clone: toCloneMessage(decide(clone)) };
    }
    return { clone: toCloneMessage(await act(needs, call, doingOf(message, made), decide)) };
  };
}

function doingOf(message: UpdateCloneRequest, made: Made | undefined) {
  return {
    id: message.id,
    etag: message.etag,
    name: 'clones.update',
    kind: made ? 'clone.update_requested' : 'clone.changed',
    parameters: shownParameters(UpdateCloneRequest, message),
    secrets: made?.secrets ?? [],
    request: {
      id: message.requestId,
      bytes: UpdateCloneRequest.encode({ ...message, requestId: '' }).finish(),
    },
  };
}

interface Made {
  readonly release: Release;
  readonly secrets: readonly SealedSecret[];
}

interface Asked {
  readonly message: UpdateCloneRequest;
  readonly fields: ReadonlySet<Field>;
}

interface Changing extends Asked {
  readonly made: Made | undefined;
  /** The clone that the release was made for. */
  readonly clone: Clone;
}

function changed(latest: Clone, { message, fields, made, clone }: Changing): Clone {
  const next = renamed(latest, {
    name: fields.has('name') ? message.name : latest.name,
    labels: fields.has('labels') ? message.labels : latest.labels,
  });
  if (!made) return next;
  if (latest.releases !== clone.releases) throw etagStale(latest);
  const { number: _, ...release } = made.release;
  return askToUpdate(next, release);
}

/** The release that a clone would have, or undefined if what it runs stays as it is. */
async function releaseAfter(
  needs: Needs,
  clone: Clone,
  { message, fields }: Asked,
): Promise<Made | undefined> {
  const { setParameters: set, unsetParameters: unset, overrides } = message;
  const isTouched = ['tag', 'limits', 'template_revision'].some((field) =>
    fields.has(field as Field),
  );
  if (!isTouched && set.length + unset.length + overrides.length === 0) return undefined;

  const { release } = clone;
  const revision = fields.has('template_revision')
    ? message.templateRevision
    : release.templateRevision;
  const before = await specOf(needs, clone, release.templateRevision);
  const spec =
    revision === release.templateRevision ? before : await specOf(needs, clone, revision);
  const given = changeParameters(givenOf(before.parameters, release.parameters), { set, unset });
  return makeRelease(needs, {
    cloneId: clone.id,
    owner: clone.owner,
    spec,
    templateRevision: revision,
    number: clone.releases + 1,
    tag: fields.has('tag') ? message.tag : release.tag,
    given,
    limits: fields.has('limits') ? fromLimitsMessage(message.limits) : release.limits,
    botSource: await botSourceOf(needs, clone, spec),
    ownLayer: release.overrides.filter(({ layer }) => layer === 'CLONE'),
    changes: overrides.map(fromChangeMessage),
  });
}

async function specOf({ templates }: Needs, clone: Clone, revision: number): Promise<Spec> {
  if (clone.templateId === '') {
    if (revision === 0) return defaultSpec();
    throw invalid({ field: 'template_revision', description: 'the clone has no template' });
  }
  const template = await templates.find(clone.templateId, revision, 'all');
  if (template) return template.spec;
  throw invalid({ field: 'template_revision', description: `there is no revision ${revision}` });
}

/** The newest source of the clone's bot: its creator must still be let run it. */
async function botSourceOf(
  { access }: Needs,
  { botId, creatorId, owner }: Clone,
  spec: Spec,
): Promise<Source | undefined> {
  if (botId === '' || !needsBot(spec)) return undefined;
  return (await access.admit({ userId: creatorId, owner, botId })).source;
}

/** The fields to change: those of the mask, or all that are set. */
function maskOf(message: UpdateCloneRequest): ReadonlySet<Field> {
  const { updateMask } = message;
  if (!updateMask || updateMask.length === 0) return setFields(message);
  const unknown = updateMask.filter((path) => !(FIELDS as readonly string[]).includes(path));
  if (unknown.length > 0) {
    const description = `cannot be changed: ${unknown.join(', ')}; can be: ${FIELDS.join(', ')}`;
    throw invalid({ field: 'update_mask', description });
  }
  return new Set(updateMask as readonly Field[]);
}

function setFields(message: UpdateCloneRequest): ReadonlySet<Field> {
  const { name, labels, tag, limits, templateRevision } = message;
  const isSet: Readonly<Record<Field, boolean>> = {
    name: name !== '',
    labels: Object.keys(labels).length > 0,
    tag: tag !== '',
    limits: limits !== undefined,
    template_revision: templateRevision !== 0,
  };
  return new Set(FIELDS.filter((field) => isSet[field]));
}
