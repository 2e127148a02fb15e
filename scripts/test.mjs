// Runs all tests, some rooms at a time, each time in processes of their own: those that have run
// thousands of tests get slow. Passes its arguments on to mocha; ends with its exit code.
import { spawnSync } from 'node:child_process';

const ROOMS = [
  ['test/dist/**/*.test.js'],
  ['services/keys/dist/**/*.test.js'],
  ['services/{executor,lifecycle,runner}/dist/**/*.test.js'],
  ['services/teams/dist/**/*.test.js', '{libs,deploy}/*/dist/**/*.test.js'],
];

let worst = 0;
for (const files of ROOMS) {
  const { status } = spawnSync('mocha', [...files, ...process.argv.slice(2)], { stdio: 'inherit' });
  worst = Math.max(worst, status ?? 1);
}
process.exit(worst);
