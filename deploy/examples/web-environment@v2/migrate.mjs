// The stage `migrate`: brings what the site keeps to the schema of this release. Runs once for each
// release, before the site does; run again, it changes nothing.
import { readSite, writeSite } from './store.mjs';

const MIGRATIONS = [
  (site) => ({ ...site, visits: 0, notes: [] }),
  (site) => ({ ...site, motto: 'Grown from a cutting.' }),
];

let site = readSite();
for (const [index, migrate] of MIGRATIONS.entries()) {
  if (site.schema > index) continue;
  site = { ...migrate(site), schema: index + 1 };
  writeSite(site);
  console.log(`migrated to schema ${site.schema}`);
}
