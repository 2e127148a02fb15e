import type { Caller } from '@ramet/rpc';

/** Who did it, as the history names them. */
export function actorOf({ kind, id }: Caller): string {
  return `${kind}:${id}`;
}
