// Packs the runner into files of its own: there is one per clone, and modules that it does not use
// cost every one of them memory and time at its start.
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const RUNNER = join(ROOT, 'services/runner/dist');

await build({
  entryPoints: [join(RUNNER, 'main.js'), join(RUNNER, 'init.js')],
  outdir: join(RUNNER, 'program'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  minifySyntax: true,
  minifyWhitespace: true,
  // Packages in the older module format ask for these; ESM has none.
  banner: {
    js: [
      "import { createRequire } from 'node:module';",
      "import { dirname as __dirnameOf } from 'node:path';",
      "import { fileURLToPath as __pathOf } from 'node:url';",
      'const require = createRequire(import.meta.url);',
      'const __filename = __pathOf(import.meta.url);',
      'const __dirname = __dirnameOf(__filename);',
    ].join('\n'),
  },
  logLevel: 'warning',
});

// `../image.binpb`, as the contract asks for it from where it now lies.
cpSync(join(ROOT, 'libs/proto-gen/image.binpb'), join(RUNNER, 'image.binpb'));
