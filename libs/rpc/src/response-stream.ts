import type { ServerWritableStream } from '@grpc/grpc-js';
import type { ServingCall } from './serving-call.js';

/** The responses of a streaming call: written no faster than the client reads, ended once. */
export class ResponseStream {
  ended = false;
  readonly #grpc: ServerWritableStream<Buffer, Buffer>;
  readonly #call: ServingCall;
  #resume: () => void = () => undefined;

  constructor(grpc: ServerWritableStream<Buffer, Buffer>, call: ServingCall) {
    this.#grpc = grpc;
    this.#call = call;
    grpc.on('drain', () => this.#resume());
    grpc.on('cancelled', () => this.#stop());
  }

  /** Sends responses, each when there is room for it. Resolves early when the stream has ended. */
  async send(responses: Iterable<Buffer>): Promise<void> {
    for (const bytes of responses) {
      if (this.ended) return;
      if (this.#grpc.write(bytes)) continue;
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
  }

  end(): void {
    if (this.ended) return;
    this.#call.endWork({ kind: 'done' });
    this.#stop();
    this.#grpc.end();
  }

  /** Ends the stream with an error. The handler learns of it when it goes on. */
  fail(thrown: unknown): void {
    if (this.ended) return;
    this.#stop();
    if (!this.#call.ended) this.#grpc.emit('error', this.#call.fail(thrown));
  }

  #stop(): void {
    this.ended = true;
    this.#resume();
  }
}
