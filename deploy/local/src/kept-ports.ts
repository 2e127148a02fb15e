import { readFileSync } from 'node:fs';
import { freePort, isFree } from './ports.js';
import { writePrivate } from './secrets.js';

/** A port for each name. */
export type Ports<Name extends string> = Readonly<Record<Name, number>>;

/**
 * Chooses a port for each name once and remembers it in a file.
 *
 * One that somebody else listens on is chosen anew. Only for names whose servers are not running.
 */
export async function keptPorts<Name extends string>(
  file: string,
  names: readonly Name[],
): Promise<Ports<Name>> {
  const kept = readPorts(file);
  const ports: Record<string, number> = {};
  for (const name of names) {
    const old = kept[name];
    ports[name] = old !== undefined && (await isFree(old)) ? old : await unlike(ports);
  }
  writePrivate(file, `${JSON.stringify({ ports }, undefined, 2)}\n`);
  return ports as Ports<Name>;
}

async function unlike(taken: Readonly<Record<string, number>>): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!Object.values(taken).includes(port)) return port;
  }
}

function readPorts(file: string): Readonly<Record<string, number>> {
  try {
    const { ports } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly ports: Readonly<Record<string, number>>;
    };
    return ports;
  } catch {
    return {};
  }
}
