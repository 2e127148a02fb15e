// Writes visits.csv: the visits of a made-up shop's pages by day and country, the same ones every
// time. As in life, a few of its lines are no good.
import { writeFileSync } from 'node:fs';

const DAYS = 28;
const FIRST_DAY = Date.UTC(2025, 2, 3);
const DAY_MS = 24 * 60 * 60 * 1_000;
const PAGES = { '/': 420, '/shop': 260, '/shop/lamps': 90, '/shop/chairs': 70, '/about': 25 };
const COUNTRIES = { DE: 1, FR: 0.6, PL: 0.35 };

/** Numerical Recipes' linear congruential generator: fit for made-up visitors. */
function* noise(seed) {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32 - 0.5;
  }
}

const random = noise(20_250_303);
const lines = ['date,page,country,visits,seconds'];
for (let day = 0; day < DAYS; day += 1) {
  const date = new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10);
  const weekend = day % 7 > 4 ? 0.7 : 1;
  for (const [page, base] of Object.entries(PAGES)) {
    for (const [country, share] of Object.entries(COUNTRIES)) {
      const visits = Math.round(base * share * weekend * (1 + 0.5 * random.next().value));
      const seconds = Math.round(visits * (40 + 30 * random.next().value));
      lines.push([date, page, country, visits, seconds].join(','));
    }
  }
}
lines.splice(57, 0, '2025-03-06,/shop,DE,,812');
lines.splice(190, 0, '2025-03-15,/about,FR,-4,120');
lines.splice(305, 0, '# the counter was restarted here');
writeFileSync(new URL('./visits.csv', import.meta.url), `${lines.join('\n')}\n`);
