import { createHash, timingSafeEqual } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from './minter.js';

/** The services that act as themselves. A file of another name in the folder means nothing. */
const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;

const MIN_LENGTH = 32;

/** The keys of the mesh's own services, as hashes. */
export interface ServiceKeys {
  /** The service that a credential of this hash belongs to. Compares with all, in equal time. */
  find(hash: Buffer): string | undefined;
}

/**
 * Reads the services' keys from a folder with a file of each service's name.
 *
 * Throws if a key is too short to be safe, or two services have the same. A service without a file
 * gets no token.
 */
export function readServiceKeys(folder: string): ServiceKeys {
  const present = new Set(readdirSync(folder));
  const hashes = new Map<string, Buffer>();
  for (const service of SERVICES) {
    if (present.has(service)) hashes.set(service, hashIn(join(folder, service)));
  }
  const different = new Set([...hashes.values()].map((hash) => hash.toString('hex')));
  if (different.size < hashes.size) throw new Error(`two services have one key in ${folder}`);
  return serviceKeys(hashes);
}

/** The keys of services whose hashes are known. */
export function serviceKeys(hashes: ReadonlyMap<string, Buffer>): ServiceKeys {
  return {
    find(hash) {
      let found: string | undefined;
      for (const [service, known] of hashes) {
        if (timingSafeEqual(known, hash)) found = service;
      }
      return found;
    },
  };
}

function hashIn(file: string): Buffer {
  const key = readFileSync(file, 'utf8').trimEnd();
  if (key.length < MIN_LENGTH) throw new Error(`the key in ${file} is too short`);
  return hashOf(key);
}

/** Compares two secrets in a time that tells nothing of where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
