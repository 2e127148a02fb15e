import type { PoolClient } from 'pg';

/** How long a connection in doubt has to answer. */
const ANSWER_MS = 2_000;

/**
 * Tells which connections of a pool are still there.
 *
 * A server that ends one connection often ends the others too, and a busy process, or a network that
 * drops what is idle, lets it learn that only when it uses them. So once one was lost, each of the
 * others is asked before it is used again: a loss fails what ran at that moment, and nothing later.
 */
export class Doubt {
  #losses = 0;
  /** How many losses were known when a connection was last seen to be there. */
  readonly #seen = new WeakMap<PoolClient, number>();

  /** Notes that a connection was lost, and that others may be. */
  raise(): void {
    this.#losses += 1;
  }

  /** Notes that a connection is there: it was made just now. */
  clear(client: PoolClient): void {
    this.#seen.set(client, this.#losses);
  }

  /** Tells whether a connection is there. Asks it, if one was lost since it was seen. Never rejects. */
  async isThere(client: PoolClient): Promise<boolean> {
    const losses = this.#losses;
    if (this.#seen.get(client) === losses) return true;
    const question = { text: 'select', query_timeout: ANSWER_MS };
    const isThere = await client.query(question).then(
      () => true,
      () => false,
    );
    if (isThere) this.#seen.set(client, losses);
    return isThere;
  }
}
