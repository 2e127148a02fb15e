import type { Bus, Database } from '@ramet/database';
import { parseNoteKey } from '@ramet/merkle';
import type { Clock, Ids, Scope } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import type { Auditor } from './deps.js';
import { startAppender } from './log/appender.js';
import { auditLogs } from './log/audit.js';
import { createHeadSigner, type HeadSigner } from './log/head-signer.js';
import { startHeadThinner } from './log/head-thinner.js';
import { headSigned } from './log-events.js';
import { entryOf } from './log-messages.js';
import type { Envelope } from './sealing/envelope.js';
import { LogAuditReads } from './store/log-audit.js';
import { LogHeads } from './store/log-heads.js';
import { LogWriter } from './store/log-writer.js';
import { Logs } from './store/logs.js';
import type { Secrets } from './store/secrets.js';

export interface LogParts {
  readonly db: Database;
  readonly envelope: Envelope;
  readonly secrets: Secrets;
  readonly bus: Bus | undefined;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scope: Scope;
}

/** The logs at work. */
export interface RunningLogs {
  readonly logs: Logs;
  readonly auditor: Auditor;
  readonly headSigner: HeadSigner;
  /** Has what was recorded added to the logs. */
  wake(): void;
}

/** Starts to add to the logs. Here their parts are fitted together. */
export function startLogs({
  db,
  envelope,
  secrets,
  bus,
  ids,
  scope,
  ...tools
}: LogParts): RunningLogs {
  const logs = new Logs(db);
  const headSigner = createHeadSigner({ envelope, secrets, keys: logs, ids });
  const appender = scope.use(
    startAppender({
      logs: new LogWriter(db),
      signer: headSigner,
      entryOf,
      publish({ log, head }) {
        bus?.publish(headSigned(log.owner, head)).catch((thrown: unknown) => {
          tools.logger.debug('a head was not published', { error: thrown });
        });
      },
      ...tools,
    }),
  );
  scope.use(startHeadThinner({ heads: new LogHeads(db), ...tools }));
  return {
    logs,
    headSigner,
    auditor: createAuditor(db, logs),
    wake: () => appender.wake(),
  };
}

function createAuditor(db: Database, logs: Logs): Auditor {
  const reads = new LogAuditReads(db);
  return {
    async *audit() {
      const keys = (await logs.listKeys()).flatMap(({ verifier }) => parseNoteKey(verifier) ?? []);
      const readNodes = logs.readNodes.bind(logs);
      yield* auditLogs({ reads, readNodes, entryOf, keys });
    },
  };
}
