import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The services of the mesh, in the order in which they are started. */
export const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;

/** The name of a service: of its folder, its role and its schema. */
export type ServiceName = (typeof SERVICES)[number];

/** Where everything of one mesh is. */
export interface Layout {
  /** The state folder itself, which all the others but `run` are in. */
  readonly state: string;
  readonly lock: string;
  readonly ports: string;
  readonly postgres: string;
  readonly nats: string;
  readonly secrets: string;
  /** What signs the certificates of the services, and those. */
  readonly authority: string;
  readonly certificates: string;
  readonly credentials: string;
  readonly logs: string;
  readonly traces: string;
  readonly failpoints: string;
  readonly executor: string;
  /** What clones leave: results and logs. */
  readonly blobs: string;
  /** Sockets and work folders of workloads. Short: the path of a socket has 107 bytes at most. */
  readonly run: string;
  /** Names this mesh on this machine, as long as its state folder stays where it is. */
  readonly id: string;
}

const ID_DIGITS = 8;

/** The folder of the house, which the services' programs are in. */
export const HOUSE: string = fileURLToPath(new URL('../../..', import.meta.url));

/** Where everything of the mesh with this state folder is. Makes nothing. */
export function layoutOf(stateDir: string): Layout {
  const state = resolve(stateDir);
  const id = createHash('sha256').update(state).digest('hex').slice(0, ID_DIGITS);
  const inside = (name: string): string => join(state, name);
  return {
    state,
    id,
    run: join(tmpdir(), `ramet-${id}`),
    lock: inside('lock'),
    ports: inside('mesh.json'),
    postgres: inside('postgres'),
    nats: inside('nats'),
    secrets: inside('secrets'),
    authority: inside('secrets/authority'),
    certificates: inside('secrets/tls'),
    credentials: inside('credentials'),
    logs: inside('logs'),
    traces: inside('traces'),
    failpoints: inside('failpoints'),
    executor: inside('executor'),
    blobs: inside('blobs'),
  };
}

/** The program of a service. */
export function programOf(service: ServiceName): string {
  return join(HOUSE, 'services', service, 'dist', 'program', 'main.js');
}

/** The file that a process of the mesh writes its output to. */
export function logOf(layout: Layout, process: string): string {
  return join(layout.logs, `${process}.log`);
}
