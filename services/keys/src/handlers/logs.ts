import { denied } from '@ramet/errors';
import type { GetSignedHeadRequest } from '@ramet/proto-gen/keys.v1';
import type { Caller } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireOwner } from '../domain/access.js';
import { type LogOwner, MESH } from '../domain/log.js';
import { ownerOf } from '../messages.js';
import { askerFor } from './caller.js';

/**
 * Whose log a request is about.
 *
 * Throws as for the owner's keys; the mesh's own log is for its administrators.
 */
export async function requireLogOwner(
  caller: Caller,
  message: GetSignedHeadRequest['owner'],
  action: string,
  teams: Deps['teams'],
): Promise<LogOwner> {
  const owner = ownerOf(message);
  if (owner) {
    requireOwner(await askerFor(caller, owner, teams), owner, action);
    return owner;
  }
  if (!caller.admin) throw denied(action, "the mesh's own log is for its administrators");
  return MESH;
}
