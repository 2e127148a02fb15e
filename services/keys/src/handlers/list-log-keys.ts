import type { ListLogKeysRequest, ListLogKeysResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toLogKeyMessage } from '../log-messages.js';

/** Lists the keys that heads are and were signed with, oldest first. */
export function listLogKeys({
  logs,
}: Pick<Deps, 'logs'>): Unary<ListLogKeysRequest, ListLogKeysResponse> {
  return async () => ({ keys: (await logs.listKeys()).map(toLogKeyMessage) });
}
