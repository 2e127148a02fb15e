import type { Caller } from './call.js';
import type { ServerState } from './endpoint.js';
import { type Revocations, tokenRevoked } from './revocations.js';
import type { ServingCall } from './serving-call.js';

/** How often open streams are asked about while what is known is not fresh. */
const REVIEW_MS = 1_000;
/** After so many reviews in vain, open streams end: nobody can say that they may go on. */
const MOST_VAIN = 5;

/**
 * Ends the open streams of callers whose tokens were revoked, as soon as that is known.
 *
 * While it is not known well, it is asked. Other calls end soon, and may be what has revoked it.
 */
export class RevokedCutter implements Disposable {
  readonly #server: Pick<ServerState, 'open' | 'clock'>;
  readonly #revocations: Revocations;
  readonly #quit: () => void;
  #stopTimer: () => void = () => undefined;
  #isStopped = false;
  #vain = 0;

  constructor(server: Pick<ServerState, 'open' | 'clock'>, revocations: Revocations) {
    this.#server = server;
    this.#revocations = revocations;
    this.#quit = revocations.onChange(() => this.#cut((caller) => revocations.isRevoked(caller)));
    this.#wait();
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#stopTimer();
    this.#quit();
  }

  #wait(): void {
    if (this.#isStopped) return;
    this.#stopTimer = this.#server.clock.after(REVIEW_MS, () => {
      void this.#review().finally(() => this.#wait());
    });
  }

  async #review(): Promise<void> {
    const streams = this.#streams();
    if (this.#revocations.isFresh() || streams.length === 0) {
      this.#vain = 0;
      return;
    }
    try {
      await this.#askAbout(streams);
      this.#vain = 0;
    } catch (thrown) {
      this.#vain += 1;
      if (this.#vain < MOST_VAIN) return;
      for (const stream of streams) stream.abort(thrown as Error);
    }
  }

  async #askAbout(streams: readonly ServingCall[]): Promise<void> {
    const byToken = new Map(streams.map(({ caller }) => [caller.tokenId, caller]));
    for (const [tokenId, caller] of byToken) {
      if (await this.#revocations.ask(caller)) this.#cut((each) => each.tokenId === tokenId);
    }
  }

  #cut(isRevoked: (caller: Caller) => boolean): void {
    for (const each of this.#streams()) if (isRevoked(each.caller)) each.abort(tokenRevoked());
  }

  #streams(): readonly ServingCall[] {
    return [...this.#server.open].filter(({ caller, endpoint }) => {
      return endpoint.streams && caller.kind === 'user';
    });
  }
}
