import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../usage-error.js';
import type { Endpoints } from './config-file.js';

const MESH_FILE = join('.ramet', 'mesh.json');

/**
 * Finds the mesh file of the folder, or of the nearest one above that has one.
 *
 * Somebody else's is passed over: in a folder that others write to, it would name their server as
 * the place to send the API key to.
 */
export function findMesh(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const file = join(at, MESH_FILE);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile() && found.uid === (process.getuid?.() ?? found.uid)) return file;
    if (at === dirname(at)) return undefined;
  }
}

/** The services of the mesh that runs from a state folder, by its `mesh.json`. */
export function readMesh(file: string): Endpoints {
  const ports = readPorts(file);
  const address = (service: keyof Endpoints): Endpoints => {
    const port = ports[service];
    return typeof port === 'number' ? { [service]: `127.0.0.1:${port}` } : {};
  };
  return {
    ...{ ...address('teams'), ...address('keys') },
    ...{ ...address('lifecycle'), ...address('executor') },
  };
}

/** The API key that the mesh keeps ready under a name, such as `user`. */
export function readCredential(file: string, name: string): string {
  const folder = join(dirname(file), 'credentials');
  try {
    if (!/^[\w.-]+$/.test(name)) throw new Error('a name is no path');
    return readFileSync(join(folder, name), 'utf8').trim();
  } catch {
    const known = namesIn(folder).join(', ') || 'none';
    throw new UsageError(`the mesh has no credential '${name}' (it has: ${known})`);
  }
}

function readPorts(file: string): Readonly<Record<string, unknown>> {
  try {
    const { ports } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly ports?: Readonly<Record<string, unknown>>;
    };
    return ports ?? {};
  } catch (thrown) {
    throw new UsageError(`cannot read the mesh file ${file}: ${(thrown as Error).message}`);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
