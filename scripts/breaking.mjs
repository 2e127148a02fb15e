// Compares proto/ with the contracts that were released last, in proto/released.binpb.
// `node scripts/breaking.mjs --release` makes today's contracts the released ones.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RELEASED = 'proto/released.binpb';
// An image carries no configuration, so the rules of buf.yaml stand here again.
const RULES = '{"version":"v2","breaking":{"use":["PACKAGE"]}}';

if (process.argv.includes('--release')) {
  buf('build', '--path', 'proto/ramet', '-o', RELEASED);
} else if (existsSync(RELEASED)) {
  compare();
} else {
  console.error(`there is no ${RELEASED} to compare with`);
  process.exitCode = 1;
}

function compare() {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-breaking-'));
  const today = join(folder, 'today.binpb');
  buf('build', '--path', 'proto/ramet', '-o', today);
  buf('breaking', today, '--against', RELEASED, '--config', RULES, '--exclude-imports');
  rmSync(folder, { recursive: true });
}

function buf(...args) {
  const { status } = spawnSync('node_modules/.bin/buf', args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
