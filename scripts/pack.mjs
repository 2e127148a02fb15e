// Packs each program into a file of its own: modules that it does not use, and those that it uses
// one by one, cost every process memory and time at its start.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SERVICES = ['teams', 'keys', 'lifecycle', 'executor', 'runner'];

/** Packages in the older module format ask for these; ESM has none. */
const OLDER_FORMAT = [
  "import { createRequire } from 'node:module';",
  "import { dirname as __dirnameOf } from 'node:path';",
  "import { fileURLToPath as __pathOf } from 'node:url';",
  'const require = createRequire(import.meta.url);',
  'const __filename = __pathOf(import.meta.url);',
  'const __dirname = __dirnameOf(__filename);',
].join('\n');

/** Code of others and generated code, which nobody is to debug line by line. */
const OTHERS = /\/(node_modules|proto-gen\/dist\/gen)\/.*\.[cm]?js$/;

const URL_ABOVE = /new URL\('(\.\.\/[^']+)', import\.meta\.url\)/g;

/**
 * Maps such code to its files alone, not to lines: Node reads the map of a program when it
 * loads it, and would keep 80 MB for all that is in there.
 */
const filesOnly = {
  name: 'files-only',
  setup(builder) {
    builder.onLoad({ filter: OTHERS }, async ({ path }) => {
      const map = JSON.stringify({ version: 3, sources: [basename(path)], mappings: 'AAAA' });
      const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
      const contents = `${await readFile(path, 'utf8')}\n//# sourceMappingURL=${url}`;
      return { contents, loader: 'default' };
    });
  },
};

await Promise.all([
  ...SERVICES.map((name) => {
    const files = name === 'runner' ? ['main.js', 'init.js'] : ['main.js'];
    return pack(join(ROOT, 'services', name, 'dist'), files);
  }),
  pack(join(ROOT, 'libs/cli/dist'), ['main.js']),
]);

async function pack(dist, files) {
  const outdir = join(dist, 'program');
  await build({
    entryPoints: files.map((file) => join(dist, file)),
    outdir,
    plugins: [filesOnly, urlsAsBefore(outdir)],
    bundle: true,
    // It loads a file that lies beside it.
    external: ['tiny-secp256k1'],
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Node reads all of a map when it loads a program: without the sources, which lie beside it.
    sourcemap: true,
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: OLDER_FORMAT },
    logLevel: 'warning',
  });
}

/** What our files find by their own place above it, such as migrations, is where it was. */
function urlsAsBefore(outdir) {
  return {
    name: 'urls-as-before',
    setup(builder) {
      builder.onLoad({ filter: /\/(libs|services)\/[^/]+\/dist\/.*\.js$/ }, async ({ path }) => {
        const contents = await readFile(path, 'utf8');
        return {
          contents: contents.replaceAll(URL_ABOVE, (_, above) => {
            const place = relative(outdir, join(dirname(path), above));
            return `new URL('${place}${above.endsWith('/') ? '/' : ''}', import.meta.url)`;
          }),
          loader: 'js',
        };
      });
    },
  };
}
