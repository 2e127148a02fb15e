import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Endpoint } from '@ramet/proto-gen/lifecycle.v1';
import type { PortSpec } from './setup.js';

/** A port of this host, under the name that the workload knows it by. */
export interface Port extends PortSpec {
  readonly number: number;
}

/**
 * Ports that were free, for a workload to listen on.
 *
 * They are kept from everybody else until they are let go, right before the workload starts. From
 * then on it depends on how soon the workload listens.
 */
export class Ports implements AsyncDisposable {
  readonly all: readonly Port[];
  readonly #kept: readonly Server[];

  constructor(all: readonly Port[], kept: readonly Server[]) {
    this.all = all;
    this.#kept = kept;
  }

  /** Where each is reached. */
  endpoints(host: string): readonly Endpoint[] {
    return this.all.map(({ label, scheme, number }) => ({
      label,
      url: `${scheme}://${host}:${number}`,
    }));
  }

  /** How the workload is told of each. */
  variables(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.all.map(({ name, number }) => {
        return [`RAMET_PORT_${name.toUpperCase().replaceAll('-', '_')}`, String(number)];
      }),
    );
  }

  /** Lets the workload have them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#kept.filter(({ listening }) => listening);
    await Promise.all(open.map((server) => once(server.close(), 'close')));
  }
}

/** Takes ports that nobody of this host listens on, on any of its addresses. */
export async function takePorts(specs: readonly PortSpec[]): Promise<Ports> {
  const servers = specs.map(() => createServer((socket) => socket.destroy()));
  await Promise.all(servers.map((server) => once(server.listen(0, '0.0.0.0'), 'listening')));
  const all = specs.map((spec, index) => ({ ...spec, number: numberOf(servers[index]) }));
  return new Ports(all, servers);
}

function numberOf(server: Server | undefined): number {
  const address = server?.address();
  if (!address || typeof address === 'string') throw new Error('a port could not be taken');
  return address.port;
}
