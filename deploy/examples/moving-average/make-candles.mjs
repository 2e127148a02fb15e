// Writes candles.csv: daily candles of a made-up coin, the same ones every time.
import { writeFileSync } from 'node:fs';

const DAYS = 400;
const FIRST_DAY = Date.UTC(2023, 0, 1);
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Numerical Recipes' linear congruential generator: fit for a made-up market. */
function* noise(seed) {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32 - 0.5;
  }
}

const random = noise(20_230_101);
const next = () => random.next().value;
const lines = ['date,open,high,low,close,volume'];
let close = 10_000;
for (let day = 0; day < DAYS; day += 1) {
  const open = close;
  const trend = 70 * Math.sin(day / 7) + 40 * Math.sin(day / 31);
  close = Math.max(1_000, Math.round(open + trend + 220 * next()));
  const high = Math.max(open, close) + Math.round(80 * (next() + 0.5));
  const low = Math.min(open, close) - Math.round(80 * (next() + 0.5));
  const date = new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10);
  const prices = [open, high, low, close].map((cents) => (cents / 100).toFixed(2));
  lines.push([date, ...prices, Math.round(50_000 * (next() + 1))].join(','));
}
writeFileSync(new URL('./candles.csv', import.meta.url), `${lines.join('\n')}\n`);
