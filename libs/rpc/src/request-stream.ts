/** What a stream of requests needs of its call. */
export interface Requested {
  /** Asks the transport for the next request, and for no more than that. */
  startRead(): void;
  decode(bytes: Buffer): unknown;
  /** Ends the call. Stops the stream as well. */
  abort(reason: Error): void;
}

interface Waiting {
  resolve(bytes: Buffer | undefined): void;
  reject(reason: Error): void;
}

/**
 * The requests of a call that streams them: each is read when the handler asks for it.
 *
 * Nothing is read ahead, so that a client sends no faster than its requests are handled. A loop
 * that ends before the requests do can be followed by another one, which goes on from there.
 */
export class RequestStream implements AsyncIterable<unknown> {
  readonly #call: Requested;
  #waiting: Waiting | undefined;
  #complete = false;
  #stopReason: Error | undefined;

  constructor(call: Requested) {
    this.#call = call;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, void> {
    for (;;) {
      const bytes = await this.#read();
      if (!bytes) return;
      yield this.#decode(bytes);
    }
  }

  /** Takes a request in that was asked for. */
  push(bytes: Buffer): void {
    this.#settle()?.resolve(bytes);
  }

  /** Takes note that the client has sent all. */
  complete(): void {
    this.#complete = true;
    this.#settle()?.resolve(undefined);
  }

  /** Ends the iteration with an error, because the call has ended. Only the first counts. */
  stop(reason: Error): void {
    this.#stopReason ??= reason;
    this.#settle()?.reject(this.#stopReason);
  }

  #read(): Promise<Buffer | undefined> {
    if (this.#waiting) throw new Error('requests are read one after the other');
    return new Promise((resolve, reject) => {
      if (this.#stopReason) reject(this.#stopReason);
      else if (this.#complete) resolve(undefined);
      else {
        this.#waiting = { resolve, reject };
        this.#call.startRead();
      }
    });
  }

  /** A request that breaks a bound ends the call, whatever the handler makes of it. */
  #decode(bytes: Buffer): unknown {
    try {
      return this.#call.decode(bytes);
    } catch (thrown) {
      this.#call.abort(thrown as Error);
      throw thrown;
    }
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
