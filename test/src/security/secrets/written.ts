import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PEERS } from '../support/contract.js';
import type { TestMesh } from '../support/mesh.js';
import type { Rows } from '../support/rows.js';

/** Something that a mesh has written, and where. */
export interface Written {
  readonly where: string;
  readonly bytes: Buffer;
}

const MARK = 'RAMET_STATE_DIR';

/** Every file of a mesh but those of the folders that are left out: logs, traces, stores and all. */
export function* filesOf({ mesh }: TestMesh, leftOut: readonly string[]): Generator<Written> {
  const { state, run } = mesh.layout;
  for (const folder of [state, run]) {
    for (const where of filesIn(folder)) {
      if (leftOut.some((each) => where.startsWith(`${each}/`))) continue;
      const bytes = read(where);
      if (bytes) yield { where, bytes };
    }
  }
}

/** Every row of every table of every service, with bytes as hex. */
export async function* rowsOf(rows: Rows): AsyncGenerator<Written> {
  for (const table of await rows.tables()) {
    const found = await rows.query(`select t::text as row from ${table} t`);
    yield { where: table, bytes: Buffer.from(found.map(({ row }) => String(row)).join('\n')) };
  }
}

/** What each service tells a scraper. */
export async function* metricsOf({ mesh }: TestMesh): AsyncGenerator<Written> {
  for (const peer of PEERS) {
    const where = mesh.endpoints[peer].metrics;
    yield { where, bytes: Buffer.from(await (await fetch(where)).text()) };
  }
}

/** The arguments of all processes, and the variables of those of the mesh. */
export function* processesOf({ mesh }: TestMesh): Generator<Written> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const commandLine = read(`/proc/${pid}/cmdline`);
    const environment = read(`/proc/${pid}/environ`);
    if (commandLine) yield { where: `arguments of ${pid}`, bytes: commandLine };
    if (environment?.includes(`${MARK}=${mesh.layout.state}`)) {
      yield { where: `variables of ${commandLine?.toString().split('\0')}`, bytes: environment };
    }
  }
}

/** The files in a folder, however deep. */
export function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

/** Undefined for what went away meanwhile. */
function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
