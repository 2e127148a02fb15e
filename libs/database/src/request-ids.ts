import { createHash, createHmac } from 'node:crypto';
import { PublicError } from '@ramet/errors';
import type { Queries } from './database.js';

/** A request that may come twice and must have one effect. */
export interface RequestId {
  /** Who asks, such as `user:usr_...`: each has request ids of their own. */
  readonly caller: string;
  /** Empty if the caller gave none: such a request is always fresh. */
  readonly requestId: string;
  /** What was asked, from `fingerprint`. */
  readonly fingerprint: Uint8Array;
}

/** The thing that the first request of this id has made or changed. */
export interface Repeated {
  readonly resourceId: string;
}

/**
 * The digest of an encoded request, without its request id.
 *
 * Give a key if the request carries secrets: without one, a short secret could be guessed from it.
 */
export function fingerprint(request: Uint8Array, key?: Uint8Array): Buffer {
  const hash = key ? createHmac('sha256', key) : createHash('sha256');
  return hash.update(request).digest();
}

/**
 * Takes a request id in the transaction of its effect: `new` for who comes first.
 *
 * A twin that comes meanwhile waits for the first one's end; then it gets the resource, or the id
 * itself if the first one failed. Throws REQUEST_ID_REUSED if the first request was another one.
 */
export async function claimRequestId(
  tx: Queries,
  request: RequestId & Repeated,
): Promise<'new' | Repeated> {
  const { caller, requestId, fingerprint: asked, resourceId } = request;
  if (requestId === '') return 'new';
  const [taken] = await tx.query(INSERT, [caller, requestId, asked, resourceId]);
  if (taken) return 'new';
  return (await findRequestId(tx, request)) ?? claimRequestId(tx, request);
}

const INSERT = `
  insert into request_id (caller, request_id, fingerprint, resource_id, at)
  values ($1, $2, $3, $4, ramet_now())
  on conflict do nothing
  returning true as taken`;

/** Looks for an earlier request of this id. Throws REQUEST_ID_REUSED if that was another one. */
export async function findRequestId(
  db: Queries,
  { caller, requestId, fingerprint: asked }: RequestId,
): Promise<Repeated | undefined> {
  if (requestId === '') return undefined;
  const sql = `
    select fingerprint, resource_id as "resourceId" from request_id
    where caller = $1 and request_id = $2`;
  const [row] = await db.query<Repeated & { fingerprint: Buffer }>(sql, [caller, requestId]);
  if (row && !row.fingerprint.equals(asked)) throw requestIdReused(requestId);
  return row && { resourceId: row.resourceId };
}

/** The error for a request id that was used with another request. */
export function requestIdReused(requestId: string): PublicError {
  return new PublicError(
    'already_exists',
    'REQUEST_ID_REUSED',
    `the request id was used with another request: ${requestId}`,
    { metadata: { request_id: requestId } },
  );
}
