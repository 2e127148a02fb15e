// Keeps the seams that the simulation needs: services ask ports for time, ids and randomness, and
// SQL asks ramet_now(). What Biome cannot say is said here; one line per offence.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const CODE = [
  [/\bDate\.now\(/, 'ask the Clock port for the time'],
  [/\bnew Date\(\)/, 'ask the Clock port for the time'],
  [/\bMath\.random\(/, 'ask the Ids port for randomness'],
  [/\b(randomUUID|randomBytes|randomInt|getRandomValues)\b/, 'ask the Ids port for randomness'],
  [/\bAbortSignal\.timeout\(/, 'ask the Clock port for a timer'],
  [/from 'node:timers/, 'ask the Clock port for a timer'],
  [/\bprocess\.hrtime\b/, 'ask the Clock port for the time'],
];
const SQL = [
  [
    /\b(now|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\(\s*\)/i,
    'SQL asks ramet_now()',
  ],
  [/\bcurrent_(timestamp|date|time)\b/i, 'SQL asks ramet_now()'],
  [/\b(random|gen_random_uuid|uuid_generate_v\d)\s*\(\s*\)/i, 'SQL makes no randomness'],
];

/** What never runs in a service: tests and what they stand on, and what reads the real world. */
const NOT_SERVED = /\.test\.ts$|\/main\.ts$|\/testing(\.ts$|\/)|\/support\//;

const problems = [];
for (const file of filesOf('services')) {
  if (NOT_SERVED.test(file)) continue;
  const content = readFileSync(file, 'utf8');
  if (file.endsWith('.ts')) {
    check(file, content, CODE);
    check(file, textsOf(content), SQL);
  }
  if (file.endsWith('.sql')) check(file, content, SQL);
}
for (const file of filesOf('libs')) {
  // ramet_now() itself is made in this one.
  if (!file.endsWith('.sql') || file.endsWith('_clock.sql')) continue;
  check(file, readFileSync(file, 'utf8'), SQL);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

function check(file, content, rules) {
  content.split('\n').forEach((line, index) => {
    if (/^\s*(--|\/\/|\*|\/\*)/.test(line)) return;
    for (const [pattern, advice] of rules) {
      const hit = line.replaceAll('ramet_now()', '').match(pattern);
      if (hit) problems.push(`${file}:${index + 1}: ${hit[0].trim()}: ${advice}`);
    }
  });
}

/** What stands in quotes, with everything else blanked: SQL lies in there, and method names do not. */
function textsOf(code) {
  const quoted = /`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g;
  const bare = code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (text) =>
    text.replace(/[^\n]/g, ' '),
  );
  let blank = code.replace(/[^\n]/g, ' ');
  for (const { index, 0: text } of bare.matchAll(quoted)) {
    const said = text.replace(/\$\{[^}]*\}/g, (code) => ' '.repeat(code.length));
    blank = blank.slice(0, index) + said + blank.slice(index + text.length);
  }
  return blank;
}

function* filesOf(folder) {
  for (const name of readdirSync(folder)) {
    if (name === 'dist' || name === 'node_modules' || name === 'gen') continue;
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesOf(path);
    else yield path;
  }
}
