import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createExclusively, writeAtomically } from '@ramet/service';

const FIRST_UID = 200_000;
const BLOCKS = 300;

/**
 * How many users there are in a block. One executor can have as many workloads at a time but one:
 * the last user owns what is sealed in storages, and nothing ever runs as it.
 */
export const UIDS_PER_BLOCK = 1_000;

/**
 * Claims a block of user ids for the workloads of one executor. Needs root.
 *
 * Executors on one machine share its user ids, and each kills all that runs as one of its own:
 * so the blocks are kept in a folder of the machine, and a block is free only if the state
 * folder that claimed it is gone.
 */
export async function claimUidBlock(stateDir: string, registry: string): Promise<number> {
  await mkdir(registry, { recursive: true, mode: 0o700 });
  const first = createHash('sha256').update(stateDir).digest().readUInt32BE() % BLOCKS;
  for (let offset = 0; offset < BLOCKS; offset += 1) {
    const base = FIRST_UID + ((first + offset) % BLOCKS) * UIDS_PER_BLOCK;
    if (await claim(join(registry, `${base}`), stateDir)) return base;
  }
  throw new Error(`all ${BLOCKS} blocks of user ids are taken: ${registry}`);
}

async function claim(path: string, stateDir: string): Promise<boolean> {
  if (await createExclusively(path, stateDir)) return true;
  const holder = await readFile(path, 'utf8');
  if (holder === stateDir) return true;
  if (existsSync(holder)) return false;
  await writeAtomically(path, stateDir);
  return true;
}
