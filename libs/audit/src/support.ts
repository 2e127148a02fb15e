import { type Database, migrate, openDatabase } from '@ramet/database';
import { AuditServiceService } from '@ramet/proto-gen/audit.v1';
import { loadContract } from '@ramet/proto-gen/contract';
import {
  ANONYMOUS,
  type AuditRecord,
  type Caller,
  type CallMetadata,
  connect,
  type Remote,
  serve,
} from '@ramet/rpc';
import { Scope, systemClock } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import { AuditLog } from './audit-log.js';
import { type RunningAudit, startAudit } from './index.js';

/** There are no tables here but those that every service has. */
const MIGRATIONS = new URL('./', import.meta.url);

/** A service that has nothing but an audit, on a database of its own. */
export interface World extends AsyncDisposable {
  readonly db: Database;
  readonly warnings: string[];
  readonly running: RunningAudit;
  /** The log of another replica. */
  replica(): AuditLog;
  as(who: string): Remote<typeof AuditServiceService>;
}

/** Starts it. Callers are who they say: `admin`, `user:ID`, `service:NAME` or nobody. */
export async function startWorld(): Promise<World> {
  await using scope = new Scope();
  const database = scope.use(await createDatabase());
  const db = scope.use(
    await openDatabase({ url: database.url, schema: 'things', application: 'test' }),
  );
  await migrate(db, MIGRATIONS);
  const warnings: string[] = [];
  const logger = { ...QUIET, warn: (message: string) => void warnings.push(message) };
  const options = { db, clock: systemClock, logger, retentionDays: 30 };
  const running = scope.use(startAudit({ ...options, service: 'things' }));
  const server = scope.use(
    await serve({
      ...{ host: '127.0.0.1', port: 0, contract: loadContract(), logger },
      authenticate: callerIn,
      services: [running.implemented],
      audit: running.keep,
    }),
  );
  const ends = scope.move();
  return {
    ...{ db, warnings, running },
    replica: () => ends.use(new AuditLog(options)),
    as: (who) => ends.use(connect(AuditServiceService, server.address, { token: async () => who })),
    [Symbol.asyncDispose]: () => ends[Symbol.asyncDispose](),
  };
}

const QUIET = { debug: () => undefined, info: () => undefined, error: () => undefined };

function callerIn(metadata: CallMetadata): Caller {
  const [kind = '', id = ''] = (metadata.get('authorization') ?? '').slice(7).split(':');
  if (kind === 'admin') return { kind: 'user', id: 'usr_admin', admin: true, tokenId: 'tok_1' };
  if (kind === 'user' || kind === 'service') return { kind, id, admin: false, tokenId: 'tok_2' };
  return ANONYMOUS;
}

/** A call that has changed something, with what a test says of it. */
export function recordOf(record: Partial<AuditRecord> = {}): AuditRecord {
  return {
    action: 'things.create',
    method: '/things.v1.Things/Create',
    caller: { kind: 'user', id: 'usr_1', admin: false, tokenId: 'tok_2' },
    peer: '127.0.0.1',
    peerService: '',
    targets: [],
    code: 'OK',
    reason: '',
    correlationId: 'c1',
    traceId: 't1',
    isExchange: false,
    ...record,
  };
}
