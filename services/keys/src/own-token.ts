import type { Clock } from '@ramet/service';

/** What teams gives for a credential. */
interface Exchanged {
  readonly token: string;
  readonly expiresIn: { readonly seconds: bigint } | undefined;
}

/** A token is renewed when this share of its time is over. */
const RENEW_SHARE = 0.5;

/** Makes the function that gives this service's own token, exchanged anew before it ends. */
export function createOwnToken(
  exchange: () => Promise<Exchanged>,
  clock: Clock,
): () => Promise<string> {
  let current: Promise<string> | undefined;
  let until = 0;
  return () => {
    if (current && clock.elapsed() < until) return current;
    const asked = clock.elapsed();
    until = Number.POSITIVE_INFINITY;
    const fresh = exchange().then(
      ({ token, expiresIn }) => {
        until = asked + Number(expiresIn?.seconds ?? 0n) * 1_000 * RENEW_SHARE;
        return token;
      },
      (thrown: unknown) => {
        current = undefined;
        throw thrown;
      },
    );
    current = fresh;
    return fresh;
  };
}
