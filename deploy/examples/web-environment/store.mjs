import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const path = `${process.env.RAMET_DATA}/site.json`;

/** Reads what the site keeps. It lies in RAMET_DATA, and outlives every release and pause. */
export function readSite() {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { schema: 0 };
}

/** Keeps it: all of it, or as it was. */
export function writeSite(site) {
  writeFileSync(`${path}.part`, JSON.stringify(site));
  renameSync(`${path}.part`, path);
}
