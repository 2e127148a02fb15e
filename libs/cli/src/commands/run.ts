import type { CreateTemplateRequest } from '@ramet/proto-gen/lifecycle.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { creating, makeClone, type NewCloneOptions } from './clones/create.js';
import { argument } from './options.js';
import { applyTemplate, readTemplate } from './template-file.js';

/** Adds `run` to the command. */
export function addRun(program: Command, act: Act): void {
  creating(program.command('run <file>'))
    .description('apply the template of a JSON file, or `-`, and create a clone of it')
    .action(act(run));
}

async function run(
  context: Context,
  args: readonly string[],
  options: NewCloneOptions,
): Promise<void> {
  const file = await readTemplate(context, argument(args, 0));
  const owner = options.owner ?? ownerTextOf(file);
  await makeClone(context, { ...options, ...(owner !== undefined && { owner }) }, async () => {
    // A repeated request is the clone's: the template is found by its name.
    const { template, note } = await applyTemplate(
      context,
      file,
      owner === undefined ? {} : { owner },
    );
    context.out.note(`template ${template.name}: ${note}`);
    return { templateId: template.id, templateRevision: template.revision };
  });
}

/** The owner that a file names, as an option would: the clone is theirs too. */
function ownerTextOf({ owner }: CreateTemplateRequest): string | undefined {
  const named: Owner['owner'] = owner?.owner;
  return named?.value;
}
