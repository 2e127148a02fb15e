import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SERVICES = fileURLToPath(new URL('../../../services/', import.meta.url));
const HIT = /failpoints\??\.hit\(\s*'([^']+)'/g;

/** The names of all failpoints, as they are written in the code of the services. */
export function failpointsInCode(): readonly string[] {
  const sources = readdirSync(SERVICES).flatMap((service) => sourcesIn(service));
  const names = sources.flatMap((file) => {
    return [...readFileSync(file, 'utf8').matchAll(HIT)].map(([, name = '']) => name);
  });
  return [...new Set(names)].sort();
}

/** The failpoints of a mesh: each kills the process that comes to it, once. */
export class Trap {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Has the next process that comes to this point killed there. */
  arm(name: string): void {
    writeFileSync(join(this.#folder, name), '');
  }

  /** How often processes have died at this point. */
  visits(name: string): number {
    const file = join(this.#folder, 'visited');
    if (!existsSync(file)) return 0;
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line === name).length;
  }
}

function sourcesIn(service: string): readonly string[] {
  const folder = join(SERVICES, service, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}
