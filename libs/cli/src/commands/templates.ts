import type { JsonValue } from '@bufbuild/protobuf';
import { CreateTemplateRequest, type Template } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { parseLabels } from '../parse/pairs.js';
import { parseWhole } from '../parse/whole.js';
import { shape } from '../print/json.js';
import { findOwnerIf, findTemplate } from '../resolve.js';
import { UsageError } from '../usage-error.js';
import { templateView } from '../views/templates.js';
import { confirm, confirmed } from './confirm.js';
import {
  argument,
  gather,
  type ListOptions,
  limited,
  limitOf,
  present,
  repeatable,
} from './options.js';
import {
  applyTemplate,
  createTemplate,
  type OwnedOptions,
  readTemplate,
  type WriteOptions,
} from './template-file.js';

interface UpdateOptions extends WriteOptions {
  readonly file?: string;
  readonly description?: string;
  readonly label?: readonly string[];
  readonly shared?: boolean;
  readonly etag?: string;
}

const WHOSE = 'whose: me, a team, or an id (default: me)';
const FOR_A_NAME = `${WHOSE}, for a template given by name`;
const VALIDATE = 'check everything and store nothing';

/** Adds `templates` to the command. */
export function addTemplates(program: Command, act: Act): void {
  const templates = program.command('templates').description('what clones are made from');
  repeatable(
    templates.command('create <file>').description('make a template of a JSON file, or `-`'),
  )
    .option('--owner <owner>', WHOSE)
    .option('--validate-only', VALIDATE)
    .action(act(create));
  repeatable(templates.command('apply <file>'))
    .description('make the template of a file, or change it where it differs')
    .option('--owner <owner>', WHOSE)
    .option('--validate-only', VALIDATE)
    .action(act(apply));
  templates
    .command('get <template>')
    .description('show a template')
    .option('--owner <owner>', FOR_A_NAME)
    .option('--revision <number>', 'as of this revision (default: the newest)')
    .option('--as-file', 'print the JSON that `apply` takes')
    .action(act(getTemplate));
  limited(templates.command('list').description('list the templates that you see, newest first'))
    .option('--owner <owner>', 'only of: me, a team, or an id')
    .action(act(listTemplates));
  templates
    .command('update <template>')
    .description('change a template; clones keep the revision that they pin')
    .option('--owner <owner>', FOR_A_NAME)
    .option('--file <file>', 'take its spec from a file, or from standard input with `-`')
    .option('--description <text>', 'what it is for')
    .option('--label <name=value>', 'take the place of all labels; may be repeated', gather)
    .option('--shared', 'let everybody make clones of it; only for administrators')
    .option('--no-shared', 'let only its owners make clones of it')
    .option('--etag <etag>', 'only as it was read')
    .option('--validate-only', VALIDATE)
    .action(act(updateTemplate));
  confirmed(templates.command('delete <template>').description('delete a template; clones go on'))
    .option('--owner <owner>', FOR_A_NAME)
    .option('--etag <etag>', 'only as it was read')
    .action(act(deleteTemplate));
}

async function create(
  context: Context,
  args: readonly string[],
  options: WriteOptions,
): Promise<void> {
  const file = await readTemplate(context, argument(args, 0));
  const template = await createTemplate(context, file, options);
  context.out.item(templateView(context.world.clock), template);
}

async function apply(
  context: Context,
  args: readonly string[],
  options: WriteOptions,
): Promise<void> {
  const { world, out } = context;
  const file = await readTemplate(context, argument(args, 0));
  const { template, note } = await applyTemplate(context, file, options);
  out.item(templateView(world.clock), template);
  out.note(note);
}

async function getTemplate(
  context: Context,
  args: readonly string[],
  options: OwnedOptions & { readonly revision?: string; readonly asFile?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const id = await findTemplate(context, argument(args, 0), options.owner);
  const revision =
    options.revision === undefined ? 0 : parseWhole(options.revision, 1, 2 ** 32 - 1);
  const answer = await session.templates.getTemplate({ id, revision }, { signal: world.signal });
  const template = present(answer.template, 'template');
  if (options.asFile) out.value(...fileOf(context, template));
  else out.item(templateView(world.clock), template);
}

/** What `apply` takes to make a template like this one. */
function fileOf({ out }: Context, template: Template): [JsonValue, string] {
  const { owner, name, kind, description, labels, spec } = template;
  const empty = CreateTemplateRequest.decode(new Uint8Array());
  const file = { ...empty, owner, name, kind, description, labels, spec };
  const written = shape('lifecycle.v1.CreateTemplateRequest', CreateTemplateRequest);
  // What is about the request and not about the template stands at its default.
  const json = Object.fromEntries(
    Object.entries(out.jsonOf(written, file) ?? {}).filter(([field]) => field in template),
  );
  delete json.shared;
  return [json, JSON.stringify(json, undefined, 2)];
}

async function listTemplates(
  context: Context,
  _args: readonly string[],
  options: ListOptions & OwnedOptions,
): Promise<void> {
  const { session, world, out } = context;
  const owner = await findOwnerIf(context, options.owner);
  const templates = await collect(async (page) => {
    const request = { ...page, owner, name: '' };
    const answer = await session.templates.listTemplates(request, { signal: world.signal });
    return { items: answer.templates, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(templateView(world.clock), templates);
}

async function updateTemplate(
  context: Context,
  args: readonly string[],
  options: UpdateOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { file, description, label, shared } = options;
  const id = await findTemplate(context, argument(args, 0), options.owner);
  const read = file === undefined ? undefined : await readTemplate(context, file);
  const updateMask = [
    ...(read ? ['spec'] : []),
    ...(description === undefined ? [] : ['description']),
    ...(label ? ['labels'] : []),
    ...(shared === undefined ? [] : ['shared']),
  ];
  if (updateMask.length === 0) throw new UsageError('there is nothing to change');
  const { template } = await session.templates.updateTemplate(
    {
      ...{ id, etag: options.etag ?? '', updateMask, spec: read?.spec },
      description: description ?? '',
      labels: parseLabels(label ?? []),
      shared: shared ?? false,
      validateOnly: options.validateOnly ?? false,
    },
    { signal: world.signal },
  );
  out.item(templateView(world.clock), present(template, 'template'));
}

async function deleteTemplate(
  context: Context,
  args: readonly string[],
  options: OwnedOptions & { readonly etag?: string; readonly yes?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  const id = await findTemplate(context, argument(args, 0), options.owner);
  await confirm(context, options, `delete template ${argument(args, 0)}?`);
  const request = { id, etag: options.etag ?? '' };
  const { template } = await session.templates.deleteTemplate(request, { signal: world.signal });
  out.item(templateView(world.clock), present(template, 'template'));
}
