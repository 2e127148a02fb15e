import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@ramet/service';
import type { InputSpec } from '../setup.js';
import { InputError } from './input-error.js';

/** What was stored. */
export interface StoredInput {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Stores an input as it comes, under its name once it is all there and what it should be.
 *
 * Throws an InputError if it is larger than it may be, or another one than was said.
 */
export async function storeInput(
  folder: string,
  { name, sha256: expected }: Pick<InputSpec, 'name' | 'sha256'>,
  { chunks, limit }: { readonly chunks: AsyncIterable<Buffer>; readonly limit: number },
): Promise<StoredInput> {
  // No input has such a name.
  const unfinished = join(folder, `.${name}`);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await using file = await open(unfinished, 'w', 0o444);
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > limit) throw new InputError(`larger than ${limit} bytes`);
      hash.update(chunk);
      await file.write(chunk);
    }
    const sha256 = hash.digest('hex');
    if (expected !== '' && sha256 !== expected) {
      throw new InputError(`its sha256 is ${sha256}, not ${expected}`);
    }
    await file.chmod(0o444);
    await file.sync();
    await rename(unfinished, join(folder, name));
    await syncFolder(folder);
    return { bytes, sha256 };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
