import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a receiver of webhooks got it. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
  /** `webhook-id`: the same in every attempt. */
  readonly id: string;
  readonly event: Event;
}

/** What a receiver is told. */
interface Event {
  readonly type: string;
  readonly version: number;
  readonly timestamp: string;
  readonly data: {
    readonly webhook_id: string;
    readonly clone_id: string;
    readonly name: string;
    readonly kind: string;
    readonly owner: { readonly kind: string; readonly id: string };
    readonly phase_before: string | null;
    readonly phase_after: string;
    readonly reason: string;
    readonly outcome: string | null;
    readonly seq: number;
    readonly trace_id: string | null;
    readonly missed: number;
  };
}

/** What a receiver answers with: a status, headers too, or nothing at all. */
export type Answer = number | 'hang' | { readonly code: number; readonly location: string };

/** A real receiver of webhooks, on loopback. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** All requests, in the order in which they came. */
  readonly requests: readonly Received[];
  /** The requests that were answered with 200, each id once: what a receiver acts on. */
  readonly effects: readonly Received[];
  /** What it answers with from now on. */
  answer: (request: Received) => Answer;
}

/** Starts a receiver that takes everything until told otherwise. */
export async function startReceiver(): Promise<Receiver> {
  const requests: Received[] = [];
  const effects = new Map<string, Received>();
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { headers, url: path = '' } = incoming;
      const body = Buffer.concat(chunks).toString();
      const request = {
        headers,
        body,
        path,
        id: String(headers['webhook-id']),
        event: JSON.parse(body),
      };
      requests.push(request);
      const answer = receiver.answer(request);
      if (answer === 'hang') return;
      if (answer === 200 && !effects.has(request.id)) effects.set(request.id, request);
      if (typeof answer === 'number') response.writeHead(answer).end();
      else response.writeHead(answer.code, { location: answer.location }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    get effects() {
      return [...effects.values()];
    },
    answer: () => 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
