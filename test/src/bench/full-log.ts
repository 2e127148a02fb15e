import { setTimeout as sleep } from 'node:timers/promises';
import { ReceiptServiceService } from '@ramet/proto-gen/keys.v1';
import { connect } from '@ramet/rpc';
import { connectTo } from './durable-postgres.js';
import type { Issuer } from './tokens.js';

/** What the service's own audit has found of all logs. */
export interface AuditResult {
  readonly entries: number;
  readonly heads: number;
  readonly faults: number;
}

const POLL_MS = 500;
const AUDIT_MS = 30 * 60_000;

/**
 * Adds rows to the log of signatures by SQL, for the grants that are there, and waits until the
 * service has added them to the tree of their owner: entries, nodes and signed heads are its own.
 *
 * `wake` has it sign once, so that it looks for new rows.
 */
export async function fillLog(
  databaseUrl: string,
  rows: number,
  wake: () => Promise<unknown>,
): Promise<void> {
  await using client = await connectTo(databaseUrl);
  await client.query('set search_path = keys');
  await client.query(ROWS, [rows]);
  await client.query('vacuum analyze');
  await wake();
  for (;;) {
    const { rows: found } = await client.query<{ readonly done: boolean }>(LOGGED);
    if (found[0]?.done) break;
    await sleep(POLL_MS);
  }
  await client.query('vacuum analyze');
}

/** Has the service audit its logs. Throws what is wrong with them. */
export async function auditLog(address: string, issuer: Issuer): Promise<AuditResult> {
  await using receipts = connect(ReceiptServiceService, address);
  const token = issuer.token({ sub: 'usr_00000000000000000000000001', kind: 'user', adm: true });
  const found = { entries: 0, heads: 0, faults: 0 };
  for await (const { audit } of receipts.auditLogs({}, { token, timeoutMs: AUDIT_MS })) {
    found.entries += Number(audit?.size ?? 0n);
    found.heads += Number(audit?.heads ?? 0n);
    found.faults += audit?.faults.length ?? 0;
  }
  if (found.faults > 0) throw new Error(`the log is not what it should be: ${found.faults} faults`);
  return found;
}

const ROWS = `
  insert into signature (key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id)
  select g.key_id, g.id, 'fill-' || n, 'raw', sha256(n::text::bytea),
         date_trunc('milliseconds', ramet_now()), md5(n::text)
  from generate_series(1, $1::integer) as n
  join (select id, key_id, row_number() over (order by id) - 1 as nth,
               count(*) over () as total from key_grant) as g
    on g.nth = n % g.total
  order by n`;

const LOGGED = `
  select c.signature >= coalesce(pg_sequence_last_value('signature_position_seq'), 0) as done
  from log_cursor as c`;
