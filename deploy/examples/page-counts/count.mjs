// The stage `run`: adds up the visits of the input, by page and by day.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connectRunner } from './ramet-client.mjs';
import { readVisits, sumBy, writeVisits } from './visits.mjs';

const { RAMET_INPUTS, RAMET_OUTPUT, RAMET_SOCKET } = process.env;

const runner = connectRunner(RAMET_SOCKET);
const { parameters } = await runner.getParameters();
runner.close();

const { rows, rejected } = readVisits(readFileSync(`${RAMET_INPUTS}/visits.csv`, 'utf8'));
const country = parameters.country ?? '';
const counted = rows.filter((row) => country === '' || row.country === country);
console.log(`${rows.length} rows, ${rejected} rejected, ${counted.length} counted`);
if (counted.length === 0) {
  console.error(`nothing to count: there are no visits from ${country || 'anywhere'}`);
  process.exit(1);
}

const pages = sumBy(counted, ({ page }) => page).sort((one, other) => other.visits - one.visits);
const days = sumBy(counted, ({ date }) => date);
const total = pages.reduce((sum, { visits }) => sum + visits, 0);
const top = pages.slice(0, Number(parameters.top));

mkdirSync(`${RAMET_OUTPUT}/by/page`, { recursive: true });
write('totals.json', { country, rows: counted.length, rejected, visits: total, top });
write('by/days.json', days);
for (const { key, ...sum } of pages) {
  write(`by/page/${key === '/' ? 'home' : key.slice(1).replaceAll('/', '-')}.json`, sum);
}
writeFileSync(`${RAMET_OUTPUT}/clean.csv`, writeVisits(counted));

function write(name, value) {
  writeFileSync(`${RAMET_OUTPUT}/${name}`, `${JSON.stringify(value, undefined, 2)}\n`);
}
