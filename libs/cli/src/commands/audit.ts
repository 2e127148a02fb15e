import type { AuditRecord } from '@ramet/proto-gen/audit.v1';
import type { Command } from 'commander';
import type { Endpoints } from '../connection/config-file.js';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { parseMilliseconds } from '../parse/duration.js';
import { parseWhole } from '../parse/whole.js';
import { UsageError } from '../usage-error.js';
import { auditLine, auditRecord, auditView } from '../views/audit.js';
import { gather, type ListOptions, limitOf } from './options.js';

type Service = keyof Endpoints;

interface ListAuditOptions extends ListOptions {
  readonly service?: readonly string[];
  readonly caller?: string;
  readonly action?: string;
  readonly target?: string;
  readonly trace?: string;
  readonly refused?: boolean;
  readonly since?: string;
  readonly filter?: string;
}

interface ExportAuditOptions {
  readonly after: string;
}

const SERVICES: readonly Service[] = ['teams', 'keys', 'lifecycle', 'executor'];
const DEFAULT_LIMIT = '50';
const MAX_POSITION = Number.MAX_SAFE_INTEGER;

/** Adds `audit` to the command. */
export function addAudit(program: Command, act: Act): void {
  const audit = program.command('audit').description('who did what: all changes, and all refusals');
  audit
    .command('list')
    .description('list records of all services together, newest first')
    .option('--service <service>', 'only of this service; may be repeated', gather)
    .option('--caller <id>', 'only of this user, execution or service')
    .option('--action <action>', 'only of this action, such as keys.create or clones.*')
    .option('--target <id>', 'only about this thing')
    .option('--trace <id>', 'only of this trace')
    .option('--refused', 'only what was not let in or not found')
    .option('--since <duration>', 'only of the last while, such as 2h')
    .option('--filter <filter>', 'only those: docs/filters.md')
    .option('--limit <count>', 'at most this many', DEFAULT_LIMIT)
    .action(act(listAudit));
  audit
    .command('export <service>')
    .description('print all records of one service, oldest first, and go on with those that come')
    .option('--after <position>', 'go on after this one', '0')
    .action(act(exportAudit));
}

async function listAudit(
  context: Context,
  _args: readonly string[],
  options: ListAuditOptions,
): Promise<void> {
  const { session, world, out } = context;
  const filter = filterOf(context, options);
  const limit = limitOf(options);
  const found = await Promise.all(
    servicesOf(context, options).map((service) =>
      collect(async (page) => {
        const { signal } = world;
        const answer = await session.audit(service).listAudit({ ...page, filter }, { signal });
        return { items: answer.records, next: answer.nextPageToken };
      }, limit),
    ),
  );
  const merged = found.flat().sort((one, other) => timeOf(other) - timeOf(one));
  out.list(auditView(out.paint), merged.slice(0, limit));
}

async function exportAudit(
  { session, world, out }: Context,
  [name = '']: readonly string[],
  { after }: ExportAuditOptions,
): Promise<void> {
  const { signal } = world;
  const request = { after: BigInt(parseWhole(after, 0, MAX_POSITION)) };
  for await (const { records } of session.audit(serviceOf(name)).exportAudit(request, { signal })) {
    for (const record of records) out.next(auditRecord, record, auditLine(record));
  }
}

/** Those that were asked for; else all whose address is known. */
function servicesOf({ target, out }: Context, { service }: ListAuditOptions): readonly Service[] {
  if (service) return [...new Set(service.map(serviceOf))];
  const [known, unknown] = [true, false].map((wanted) =>
    SERVICES.filter((name) => (target.endpoints[name] !== undefined) === wanted),
  );
  if (unknown?.length) out.note(`not shown, as nobody knows where they are: ${unknown.join(', ')}`);
  return known ?? [];
}

function serviceOf(name: string): Service {
  const known = SERVICES.find((service) => service === name);
  if (!known) throw new UsageError(`there is no service '${name}': ${SERVICES.join(', ')}`);
  return known;
}

const REFUSED = ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND', 'RESOURCE_EXHAUSTED']
  .map((code) => `code = ${code}`)
  .join(' OR ');

/** Says all conditions in one filter. */
function filterOf({ world }: Context, options: ListAuditOptions): string {
  const { caller, action, target, trace, refused, since, filter } = options;
  const parts = [
    caller && `caller_id = ${quoted(caller)}`,
    action && `action = ${quoted(action)}`,
    target && `targets:${quoted(target)}`,
    trace && `trace_id = ${quoted(trace)}`,
    refused && `(${REFUSED})`,
    since && `time >= ${quoted(momentBefore(world.clock.now(), since))}`,
    filter && `(${filter})`,
  ];
  return parts.filter(Boolean).join(' AND ');
}

function momentBefore(now: Date, since: string): string {
  return new Date(now.getTime() - parseMilliseconds(since)).toISOString();
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function timeOf({ time }: AuditRecord): number {
  return time?.getTime() ?? 0;
}
