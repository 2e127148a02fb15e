import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fastFolder } from '../fast-folder.js';
import { findNats } from '../nats-binary.js';

/** A folder of a test's own. */
export interface TestFolder extends Disposable {
  readonly path: string;
}

/** Makes an empty private folder, removed on disposal. */
export function testFolder(): TestFolder {
  const path = mkdtempSync(join(fastFolder(), 'ramet-local-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The NATS program that the tests of the whole house share. */
export function testNats(): string {
  const cache = fileURLToPath(new URL('../../../../.ramet/bin', import.meta.url));
  return findNats({ path: '/usr/local/bin:/usr/bin:/usr/sbin', cache });
}
