import { EXECUTOR } from './executor.js';
import { KEYS } from './keys.js';
import { LIFECYCLE } from './lifecycle.js';
import { LIFECYCLE_ADMIN } from './lifecycle-admin.js';
import { PROVIDERS } from './providers.js';
import { RECEIPTS } from './receipts.js';
import { all, always, but, DENIED, type Row } from './row.js';
import { TEAMS } from './teams.js';
import { TURNS } from './turns.js';

const FOR_ALL = ['ok', 'ok', 'ok'] as const;

/** THE TABLE: who may do what. Every RPC of the contract has a row. */
export const TABLE: readonly Row[] = [
  ...TEAMS,
  ...PROVIDERS,
  ...KEYS,
  ...RECEIPTS,
  ...TURNS,
  ...LIFECYCLE_ADMIN,
  ...LIFECYCLE,
  ...EXECUTOR,
  {
    rpc: 'ramet.history.v1.HistoryService/ReadHistory',
    request: () => ({ pageSize: 1 }),
    machines: { teams: FOR_ALL, keys: FOR_ALL, lifecycle: FOR_ALL, executor: FOR_ALL },
  },
  {
    rpc: 'ramet.audit.v1.AuditService/ListAudit',
    request: () => ({ pageSize: 1 }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.audit.v1.AuditService/ExportAudit',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
];

/**
 * RPCs that nothing listens for on an address: their sockets lie where only their callers get.
 * `isolation.test.ts` has workloads try.
 */
export const ON_SOCKETS: readonly string[] = [
  'ramet.runner.v1.RunnerService/GetParameters',
  'ramet.runner.v1.RunnerService/SignTransaction',
  'ramet.runner.v1.RunnerService/ReportProgress',
  'ramet.runner.v1.RunnerService/Complete',
  'ramet.runner.v1.RunnerControlService/StopWorkload',
];
