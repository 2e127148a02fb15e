import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** The version of this build. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string };
  return version;
}

/** Adds `version` to the command. */
export function addVersion(program: Command, act: Act): void {
  program.command('version').description('show the version of this command').action(act(show));
}

async function show({ out }: Context): Promise<void> {
  const version = ownVersion();
  out.value({ version, node: process.version }, `ramet ${version} (node ${process.version})`);
}
