// Runs a command of the house on a machine that has Node and nothing else: installs what is
// missing, builds what has changed, then hands over to the compiled program in this process.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HOUSE = dirname(dirname(fileURLToPath(import.meta.url)));
const BUILT = 'node_modules/.cache/ramet-built';
const SOURCES = ['proto', 'libs', 'services', 'deploy', 'test', 'scripts'];
const SETTINGS = [
  'package.json',
  'tsconfig.json',
  'tsconfig.base.json',
  'buf.gen.yaml',
  'buf.yaml',
];
const NO_SOURCES = new Set(['node_modules', 'dist', 'gen', 'third-party', '.ramet']);

/** The program behind each command. Each exports `main(command, args)`, which gives an exit code. */
const PROGRAMS = {
  start: 'deploy/local/dist/main.js',
  demo: 'deploy/local/dist/main.js',
  reset: 'deploy/local/dist/main.js',
  bench: 'test/dist/bench/main.js',
};

const [command = '', ...args] = process.argv.slice(2);
const program = PROGRAMS[command];
if (!program) fail(`say what to run: ${Object.keys(PROGRAMS).join(', ')}`);

if (timeOf('node_modules/.package-lock.json') < timeOf('package-lock.json')) install();
if (timeOf(BUILT) < newest()) build();
if (!existsSync(join(HOUSE, program))) fail(`${program} is missing: run npm run build`);

const { main } = await import(pathToFileURL(join(HOUSE, program)).href);
process.exit(await main(command, args));

function install() {
  console.error('installing what is missing');
  const how = existsSync(join(HOUSE, 'package-lock.json')) ? 'ci' : 'install';
  npm(how, '--no-audit', '--no-fund', '--loglevel=error');
}

function build() {
  console.error('building');
  npm('run', '--silent', 'build');
  mkdirSync(join(HOUSE, dirname(BUILT)), { recursive: true });
  writeFileSync(join(HOUSE, BUILT), '');
}

function npm(...words) {
  // Its output is about us, not of the command: scripts read the standard output of that.
  const { status, error } = spawnSync('npm', words, {
    cwd: HOUSE,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail(`npm ${words.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

/** When a source was last changed. */
function newest() {
  const files = [...SETTINGS, ...SOURCES.flatMap((name) => [...filesIn(name)])];
  return files.map(timeOf).reduce((latest, time) => Math.max(latest, time), 0);
}

function* filesIn(folder) {
  for (const entry of readdirSync(join(HOUSE, folder), { withFileTypes: true })) {
    if (NO_SOURCES.has(entry.name)) continue;
    const path = join(folder, entry.name);
    // A folder's own time tells of a file that was removed.
    yield path;
    if (entry.isDirectory()) yield* filesIn(path);
  }
}

function timeOf(path) {
  return statSync(join(HOUSE, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
