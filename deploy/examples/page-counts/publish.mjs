// The stage `publish`: writes a report for people, whether there is anything to report or not.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const { RAMET_OUTPUT, RAMET_OUTPUTS } = process.env;

const path = `${RAMET_OUTPUTS}/run/totals.json`;
const report = existsSync(path) ? reportOf(JSON.parse(readFileSync(path, 'utf8'))) : nothing();
writeFileSync(`${RAMET_OUTPUT}/report.md`, report);
console.log('published');

function reportOf({ country, visits, rows, rejected, top }) {
  const lines = top.map(({ key, visits, average }) => `| ${key} | ${visits} | ${average} |`);
  return `# Visits${country === '' ? '' : ` from ${country}`}

${visits} visits in ${rows} rows; ${rejected} lines were no good.

| page | visits | seconds each |
|---|---|---|
${lines.join('\n')}
`;
}

function nothing() {
  return '# Visits\n\nNothing was counted: see the log of the stage `run`.\n';
}
