import { CreateTemplateRequest, type Template } from '@ramet/proto-gen/lifecycle.v1';
import type { Context } from '../context.js';
import { parseMessage } from '../parse/message.js';
import { findOwner } from '../resolve.js';
import { type CreateOptions, present, requestIdOf } from './options.js';
import { readText } from './read-text.js';

/** Whose a template is, where that is said. */
export interface OwnedOptions {
  readonly owner?: string;
}

/** The options of a command that stores a template. */
export interface WriteOptions extends CreateOptions, OwnedOptions {
  readonly validateOnly?: boolean;
}

/** A template that was made or changed as a file says, and in words what that took. */
export interface Applied {
  readonly template: Template;
  readonly note: string;
}

/** Reads a template from a JSON file, or from standard input for `-`. */
export async function readTemplate(context: Context, path: string): Promise<CreateTemplateRequest> {
  const type = 'lifecycle.v1.CreateTemplateRequest';
  const text = await readText(context.world, path);
  return parseMessage({ type, code: CreateTemplateRequest }, text);
}

/** The owner of a template: the one of the options, else the file's, else whoever asks. */
async function ownerOf(
  context: Context,
  file: CreateTemplateRequest,
  { owner }: OwnedOptions,
): Promise<CreateTemplateRequest['owner']> {
  return owner === undefined && file.owner ? file.owner : await findOwner(context, owner ?? 'me');
}

/** Makes a template. */
export async function createTemplate(
  context: Context,
  file: CreateTemplateRequest,
  options: WriteOptions,
): Promise<Template> {
  const { session, world } = context;
  const { template } = await session.templates.createTemplate(
    {
      ...file,
      requestId: requestIdOf(context, options),
      owner: await ownerOf(context, file, options),
      validateOnly: options.validateOnly ?? false,
    },
    { signal: world.signal },
  );
  return present(template, 'template');
}

/** Makes the template of a file, or changes the one of its name where it differs. */
export async function applyTemplate(
  context: Context,
  file: CreateTemplateRequest,
  options: WriteOptions,
): Promise<Applied> {
  const { session, world } = context;
  const { signal } = world;
  const owner = await ownerOf(context, file, options);
  const { name, description, spec, labels } = file;
  const isTrial = options.validateOnly ?? false;
  const asked = { owner, name, pageSize: 1, pageToken: '' };
  const [before] = (await session.templates.listTemplates(asked, { signal })).templates;
  if (!before) {
    const template = await createTemplate(context, file, options);
    return { template, note: isTrial ? 'would be made' : `made, revision ${template.revision}` };
  }
  const { template } = await session.templates.updateTemplate(
    {
      ...{ id: before.id, etag: before.etag, description, spec, labels, shared: false },
      updateMask: ['description', 'spec', 'labels'],
      validateOnly: isTrial,
    },
    { signal },
  );
  const after = present(template, 'template');
  return { template: after, note: whatChanged(before, after, isTrial) };
}

function whatChanged(before: Template, after: Template, isTrial: boolean): string {
  if (after.revision > before.revision) {
    return isTrial ? `would be revision ${after.revision}` : `revision ${after.revision} is new`;
  }
  if (isTrial) return `would keep revision ${after.revision}`;
  const word = after.etag === before.etag ? 'nothing' : 'only what is around the spec';
  return `${word} differs from revision ${after.revision}`;
}
