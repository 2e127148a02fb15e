import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { World } from './world.js';

/** Wherever a text stands: files of the mesh, tables, and what processes were started with. */
export async function placesOf(world: World, text: string): Promise<readonly string[]> {
  const { state, run } = world.mesh.layout;
  return [
    ...(await filesWith(text, [state, run])),
    ...(await tablesWith(world, text)),
    ...processesWith(text),
  ];
}

async function filesWith(text: string, folders: readonly string[]): Promise<readonly string[]> {
  const args = ['-r', '-l', '-a', '-s', '-F', '-e', text, ...folders];
  try {
    const { stdout } = await promisify(execFile)('grep', args);
    return stdout.trim().split('\n');
  } catch (thrown) {
    // Files come and go meanwhile; what was found is told all the same.
    const { stdout } = thrown as { readonly stdout: string };
    return stdout.split('\n').filter((line) => line !== '');
  }
}

async function tablesWith(world: World, text: string): Promise<readonly string[]> {
  const tables = await world.ask<{ name: string }>(`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`);
  const found: string[] = [];
  for (const { name } of tables) {
    const bytes = Buffer.from(text).toString('hex');
    const sql = `select from ${name} t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0 limit 1`;
    if ((await world.ask(sql, [text, bytes])).length > 0) found.push(name);
  }
  return found;
}

function processesWith(text: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    .filter((path) => {
      try {
        return readFileSync(path, 'latin1').includes(text);
      } catch {
        return false;
      }
    });
}
