import { denied, notFound } from '@ramet/errors';
import type { GetSignedHeadRequest } from '@ramet/proto-gen/keys.v1';
import type { Caller } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireOwner } from '../domain/access.js';
import { type Head, type Log, type LogOwner, MESH } from '../domain/log.js';
import { ownerOf } from '../messages.js';
import { askerFor } from './caller.js';

type Needs = Pick<Deps, 'logs' | 'teams'>;

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

/** The log that a request is about. Throws LOG_NOT_FOUND while the owner has no entry. */
export async function requireLog(
  caller: Caller,
  message: GetSignedHeadRequest['owner'],
  action: string,
  { logs, teams }: Needs,
): Promise<Log> {
  const owner = await requireLogOwner(caller, message, action, teams);
  const log = await logs.find(owner);
  if (!log) throw notFound('log', owner.kind === 'mesh' ? owner.kind : owner.id);
  return log;
}

/** The newest head of a log: there is one with the first entry. */
export async function newestHead(log: Log, { logs }: Pick<Deps, 'logs'>): Promise<Head> {
  const head = await logs.newestHead(log.id);
  if (!head) throw new Error('a log has entries and no head');
  return head;
}
