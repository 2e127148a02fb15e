import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A receiver of webhooks on loopback, which tells repetitions by their ids. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** The phases that it was told of, each event once, in the order in which they first came. */
  phases(): readonly string[];
  /** The clones that it was told of. */
  cloneIds(): readonly string[];
  /** Resolves when it has been told of a phase. */
  untilTold(phase: string): Promise<void>;
}

interface Event {
  readonly data: { readonly clone_id: string; readonly phase_after: string };
}

/** Starts a receiver that takes everything. */
export async function startReceiver(): Promise<Receiver> {
  const events = new Map<string, Event>();
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const id = String(request.headers['webhook-id']);
      if (!events.has(id)) events.set(id, JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(204).end();
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const phases = (): readonly string[] => [...events.values()].map(({ data }) => data.phase_after);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    phases,
    cloneIds: () => [...new Set([...events.values()].map(({ data }) => data.clone_id))],
    untilTold: (phase) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!phases().includes(phase)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
