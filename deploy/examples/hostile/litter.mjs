// Leaves in its output folder what no one should follow, open or send on: links to other people's
// files and folders, a pipe, names that are hard to say, and as many files as its argument says.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';

const [count = '20', ...targets] = process.argv.slice(2);
const output = process.env.RAMET_OUTPUT;

writeFileSync(`${output}/empty`, '');
mkdirSync(`${output}/deep/er`, { recursive: true });
writeFileSync(`${output}/deep/er/file.txt`, 'deep');
writeFileSync(`${output}/two\nlines "quoted" \\ and 'so' ünïcödé 🦊`, 'named');
writeFileSync(Buffer.concat([Buffer.from(`${output}/not-utf8-`), Buffer.of(0xff, 0xfe)]), 'bytes');
execFileSync('mkfifo', [`${output}/pipe`]);
for (const [index, target] of ['/etc/shadow', '/', ...targets].entries()) {
  symlinkSync(target, `${output}/link-${index}`);
  // Refused by most kernels, for files that are not one's own.
  attempt(() => linkSync(target, `${output}/hard-${index}`));
}
mkdirSync(`${output}/many`);
for (let n = 0; n < Number(count); n += 1) writeFileSync(`${output}/many/${n}`, `${n}`);

// Folders in folders, far below where anybody looks.
process.chdir(output);
for (let depth = 0; depth < 150; depth += 1) {
  mkdirSync('d');
  process.chdir('d');
}
writeFileSync('bottom', 'out of sight');
console.log('littered');

function attempt(act) {
  try {
    act();
  } catch {
    // Then there is one less.
  }
}
