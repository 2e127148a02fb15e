import type { ClientWritableStream } from '@grpc/grpc-js';

/** After how many requests the event loop gets its turn. */
const BREATH = 16;

/** What a client has to send in one call, pulled from its source as fast as the server takes it. */
export class RequestSource {
  readonly #iterator: AsyncIterator<unknown>;
  #pulling = false;
  #stopped = false;
  #closed = false;
  /** Ends the wait for room, or for a source that is being asked. */
  #wake: () => void = () => undefined;

  constructor(requests: AsyncIterable<unknown>) {
    this.#iterator = requests[Symbol.asyncIterator]();
  }

  /**
   * Sends everything. Resolves when all is sent or the call has ended; throws what the source does.
   *
   * The source's `return` has been called by then if it had more. A source that is stuck in its
   * `next` is not waited for.
   */
  sendTo(stream: ClientWritableStream<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      this.#send(stream).then(resolve, reject);
    });
  }

  /** Takes note that the call has ended: nothing more is asked of the source. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#pulling) this.close().catch(() => undefined);
    this.#wake();
  }

  /** Tells the source that no more is wanted of it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#iterator.return?.();
  }

  async #send(stream: ClientWritableStream<unknown>): Promise<void> {
    const finished = this.#wake;
    let sent = 0;
    while (!this.#stopped) {
      const { done, value } = await this.#pull();
      if (this.#stopped) break;
      if (done) {
        stream.end();
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        stream.write(value, () => resolve());
      });
      sent += 1;
      // grpc-js takes the first MiB without a look at the network: its answers would come late.
      if (sent % BREATH === 0) await new Promise((resolve) => setImmediate(resolve));
      this.#wake = finished;
    }
    await this.close();
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    this.#pulling = true;
    try {
      return await this.#iterator.next();
    } finally {
      this.#pulling = false;
    }
  }
}
