import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { GlobalOptions } from '../connection/target.js';
import { Output } from '../output.js';
import { jsonWriter } from '../print/json.js';
import type { World } from '../world.js';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** The version of this build. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string };
  return version;
}

/** Adds `version` to the command. It needs no mesh and no config. */
export function addVersion(program: Command, world: World): void {
  program
    .command('version')
    .description('show the version of this command')
    .action((_options: unknown, command: Command) => {
      const { json = false } = command.optsWithGlobals<GlobalOptions>();
      const version = ownVersion();
      const text = `ramet ${version} (node ${process.version})`;
      new Output(world, json, jsonWriter()).value({ version, node: process.version }, text);
    });
}
