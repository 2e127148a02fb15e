import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListClonesRequest } from '@ramet/proto-gen/lifecycle.v1';
import type { Scope } from '@ramet/service';
import { addressesOf } from './api.js';
import { type Person, testFolder, type World } from './world.js';

const HOUSE = fileURLToPath(new URL('../../../../', import.meta.url));
const COMMAND = join(HOUSE, 'libs', 'cli', 'dist', 'main.js');

/** The folder of the examples: the bundles of a mesh that runs them. */
export const EXAMPLES: string = join(HOUSE, 'deploy', 'examples');

/** What a person has typed, and what came of it. */
export interface Typed {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** A shell of a person, in a folder of its own where the examples are as in the house. */
export interface Shell {
  readonly folder: string;
  /** Runs lines of bash, `ramet` among them. What they leave in the background is ended. */
  type(lines: string): Promise<Typed>;
  /** The same for lines that have to go well. */
  does(lines: string): Promise<Typed>;
}

/** Opens a shell. Its folder is gone with `scope`. */
export async function openShell(world: World, person: Person, scope: Scope): Promise<Shell> {
  const folder = testFolder(scope);
  await symlink(join(HOUSE, 'deploy'), join(folder, 'deploy'));
  const { teams, keys, lifecycle } = addressesOf(world.mesh);
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder, RAMET_API_KEY: person.apiKey },
    ...{ RAMET_TEAMS: teams, RAMET_KEYS: keys, RAMET_LIFECYCLE: lifecycle },
  };
  const type = async (lines: string): Promise<Typed> => {
    const script = `set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${RAMET}\n${lines}`;
    const running = promisify(execFile)('bash', ['-c', script], { cwd: folder, env });
    try {
      const { stdout, stderr } = await running;
      return { code: 0, out: stdout, errors: stderr };
    } catch (thrown) {
      const { code, stdout, stderr } = thrown as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, errors: stderr };
    }
  };
  const does = async (lines: string): Promise<Typed> => {
    const typed = await type(lines);
    assert.equal(typed.code, 0, `${lines}\n${typed.errors}`);
    return typed;
  };
  return { folder, type, does };
}

const RAMET = `ramet() { "${process.execPath}" "${COMMAND}" "$@"; }`;

/** The lines that an example's README shows. */
export async function linesOfReadme(example: string): Promise<string> {
  const text = await readFile(join(EXAMPLES, example, 'README.md'), 'utf8');
  const [, lines] = /```sh\n(.*?)```/s.exec(text) ?? [];
  return lines ?? assert.fail(`the README of ${example} shows no lines`);
}

/** Writes the template of an example into a folder, with another policy. */
export async function withPolicy(
  folder: string,
  example: string,
  policy: Readonly<Record<string, string>>,
): Promise<string> {
  const file = JSON.parse(await readFile(join(EXAMPLES, example, 'template.json'), 'utf8'));
  const path = join(folder, `${example}.json`);
  const spec = { ...file.spec, policy: { ...file.spec.policy, ...policy } };
  await writeFile(path, JSON.stringify({ ...file, spec }));
  return path;
}

/** The id of a person's clone of a name. */
export async function idOf({ patient: { clones } }: Person, name: string): Promise<string> {
  const filter = `name = "${name}"`;
  const { clones: found } = await clones.listClones(ListClonesRequest.fromPartial({ filter }));
  return found[0]?.id ?? assert.fail(`there is no clone ${name}`);
}

/** Starts the file server of `page-counts`, and tells where its file is. */
export async function serveVisits(scope: Scope): Promise<string> {
  const child = execFile(process.execPath, [join(EXAMPLES, 'page-counts', 'serve.mjs'), '0']);
  scope.defer(() => void child.kill());
  const [chunk] = await once(child.stdout ?? assert.fail(), 'data');
  return String(chunk).trim();
}
