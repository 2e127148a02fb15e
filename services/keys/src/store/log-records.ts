import type { Denial } from '../domain/denial.js';
import type { LogOwner, LogRecord } from '../domain/log.js';
import { MESH } from '../domain/log.js';
import type { Owner } from '../domain/owner.js';
import type { Signature } from '../domain/signature.js';

/** The columns of a signature, as the domain names them: `s` with its grant `g`. */
export const SIGNATURE_COLUMNS = `
  s.position, s.key_id as "keyId", s.grant_id as "grantId",
  coalesce(g.clone_id, '') as "cloneId", coalesce(g.execution_id, '') as "executionId",
  s.request_id as "requestId", s.scheme, s.digest, s.accepted_at as "acceptedAt",
  s.trace_id as "traceId", s.nonce, coalesce(s.key_version, 0) as "keyVersion"`;

/** The columns of a refusal, as the domain names them: `d`. */
export const DENIAL_COLUMNS = `
  d.id, d.key_id as "keyId", d.clone_id as "cloneId", d.execution_id as "executionId", d.reason,
  d.count, d.at, d.trace_id as "traceId"`;

/** The owner of the key `k` of a record; null if there is no such key. */
export const OWNER_COLUMNS = 'k.owner_kind as "ownerKind", k.owner_id as "ownerId"';

/** The owner of a record's key, if there is such a key. */
export interface OfOwner {
  readonly ownerKind: Owner['kind'] | null;
  readonly ownerId: string | null;
}

/** A row of a signature. */
export type SignatureRow = Omit<Signature, 'nonce'> & { readonly nonce: bigint | null };

/** A record and whose log it belongs into. */
export interface OwnedRecord {
  readonly owner: LogOwner;
  readonly record: LogRecord;
}

/** A row of a signature as the domain knows it. */
export function signatureOf({ nonce, ...row }: SignatureRow): Signature {
  return { ...row, nonce: nonce ?? undefined };
}

/** A row of a signature as a record, and whose log it belongs into. */
export function ownedSignature({
  ownerKind,
  ownerId,
  ...row
}: SignatureRow & OfOwner): OwnedRecord {
  const record = { kind: 'signature', signature: signatureOf(row) } as const;
  return { owner: ownerOf({ ownerKind, ownerId }), record };
}

/** A row of a refusal as a record, and whose log it belongs into. */
export function ownedDenial({ ownerKind, ownerId, ...denial }: Denial & OfOwner): OwnedRecord {
  return { owner: ownerOf({ ownerKind, ownerId }), record: { kind: 'denial', denial } };
}

function ownerOf({ ownerKind, ownerId }: OfOwner): LogOwner {
  return ownerKind && ownerId !== null ? { kind: ownerKind, id: ownerId } : MESH;
}
