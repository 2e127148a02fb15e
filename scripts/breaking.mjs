// Compares proto/ with the contracts that were released last, in proto/released.binpb.
// `node scripts/breaking.mjs --release` makes today's contracts the released ones.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const RELEASED = 'proto/released.binpb';

if (process.argv.includes('--release')) {
  buf('build', '--path', 'proto/ramet', '--exclude-imports', '-o', RELEASED);
} else if (existsSync(RELEASED)) {
  buf('breaking', 'proto', '--against', RELEASED, '--exclude-imports');
} else {
  console.error(`there is no ${RELEASED} to compare with`);
  process.exit(1);
}

function buf(...args) {
  const { status } = spawnSync('node_modules/.bin/buf', args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
