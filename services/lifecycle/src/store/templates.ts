import {
  appendHistory,
  claimRequestId,
  type Database,
  decodePageToken,
  encodePageToken,
  type Head,
  NO_HISTORY,
  nextLink,
  pageSize,
  type Queries,
  type Tx,
  violates,
} from '@ramet/database';
import { notFound, PublicError } from '@ramet/errors';
import type { Sight } from '../domain/sight.js';
import { newTemplate, type Template, type WantedTemplate } from '../domain/template.js';
import { templateChanged } from '../template-events.js';
import type { Request } from './clone-change.js';
import type { Page, PageWish } from './clone-list.js';
import { fromTemplate, TEMPLATE_COLUMNS, type TemplateRow, toTemplate } from './template-row.js';

/** Who changes a template, and what happens by that. */
export interface TemplateChangedBy {
  readonly event: 'changed' | 'deleted';
  readonly actor: string;
}

interface TemplateList {
  /** Shared ones are in everybody's. */
  readonly sight: Sight;
  /** Only this owner's. Absent: all in sight. */
  readonly ownerId?: string | undefined;
  /** Empty: any. */
  readonly name: string;
  readonly page: PageWish;
}

/** The templates, in Postgres: every write goes through here, with its history. */
export class Templates {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Throws TEMPLATE_NOT_FOUND for what is out of sight, and for a revision that is not there. */
  async get(id: string, revision: number, sight: Sight): Promise<Template> {
    const template = await this.find(id, revision, sight);
    if (!template) throw notFound('template', id);
    return template;
  }

  /** A template in sight, as of a revision. Zero: the newest. Deleted ones too. */
  async find(id: string, revision: number, sight: Sight): Promise<Template | undefined> {
    const [row] = await this.#db.query<TemplateRow>(FIND, [id, ownersIn(sight), revision]);
    return row && toTemplate(row);
  }

  /** A page of the templates in sight that are not deleted, newest first. */
  async list({ sight, ownerId, name, page }: TemplateList): Promise<Page<Template>> {
    const binding = ['templates', ...page.binding];
    const before = decodePageToken(page.token, binding)?.[0] ?? null;
    const limit = pageSize(page.size);
    const params = [ownersIn(sight), ownerId ?? null, name, before, limit + 1, PAGE_BYTES];
    const rows = await this.#db.query<TemplateRow & { bytes: number }>(LIST, params);

    const items = rows.slice(0, limit).map(toTemplate);
    const isFull = rows.length > limit || (rows.at(-1)?.bytes ?? 0) >= PAGE_BYTES;
    const last = isFull ? items.at(-1) : undefined;
    return { items, nextToken: last ? encodePageToken([last.id], binding) : '' };
  }

  /**
   * Makes a template; for a repeated request, returns the one it has made, as it is.
   *
   * Throws REQUEST_ID_REUSED or NAME_TAKEN.
   */
  async create(wanted: WantedTemplate, request: Request): Promise<Template> {
    return this.#db.transaction(async (tx) => {
      const claimed = await claimRequestId(tx, { ...request, resourceId: wanted.id });
      if (claimed !== 'new') return keptIn(tx, claimed.resourceId);

      const template = newTemplate(wanted, await nowIn(tx));
      await this.#write(tx, template, NO_HISTORY, { event: 'created', actor: request.caller });
      return template;
    });
  }

  /** Throws NAME_TAKEN if the owner has a template of this name. */
  async requireFreeName(wanted: WantedTemplate): Promise<void> {
    const sql = `
      select 1 as taken from template t
      where t.owner_id = $1 and t.name = $2 and t.deleted_at is null`;
    const rows = await this.#db.query(sql, [wanted.owner.id, wanted.name]);
    if (rows.length > 0) throw nameTaken(wanted);
  }

  /**
   * Changes a template in sight as `decide` says, holding its row meanwhile.
   *
   * `decide` must be pure. Returning the template it was given means no change. Throws
   * TEMPLATE_NOT_FOUND for what is out of sight.
   */
  async change(
    id: string,
    { sight, ...by }: TemplateChangedBy & { readonly sight: Sight },
    decide: (template: Template, now: Date) => Template,
  ): Promise<Template> {
    return this.#db.transaction(async (tx) => {
      const [locked] = await tx.query<{ hash: Buffer; now: Date }>(LOCK, [id, ownersIn(sight)]);
      if (!locked) throw notFound('template', id);
      const template = await keptIn(tx, id);
      const decided = decide(template, locked.now);
      if (decided === template) return template;

      // Times never run backwards within a template, whatever the clock did.
      const at = Math.max(locked.now.getTime(), template.updatedAt.getTime() + 1);
      const next = { ...decided, seq: template.seq + 1, updatedAt: new Date(at) };
      await this.#write(tx, next, { seq: template.seq, hash: locked.hash }, by);
      return next;
    });
  }

  async #write(
    tx: Tx,
    template: Template,
    prev: Head,
    { event, actor }: { readonly event: string; readonly actor: string },
  ): Promise<void> {
    const payload = templateChanged(template);
    const next = nextLink(prev, template.id, payload);
    try {
      await tx.query(WRITE, [fromTemplate(template, next.hash)]);
    } catch (thrown) {
      throw violates(thrown, 'template_name') ? nameTaken(template) : thrown;
    }
    const { id, revision, spec, updatedAt } = template;
    await tx.query(WRITE_REVISION, [id, revision, JSON.stringify(spec), updatedAt]);
    const kind = `template.${event}`;
    await appendHistory(tx, [{ aggregate: id, kind, actor, payload, prev, next }]);
  }
}

/** A page ends with the template that reaches this: with it, it still fits into a message. */
const PAGE_BYTES = 1024 * 1024;

const IN_SIGHT = '($2::text[] is null or t.owner_id = any ($2) or t.shared)';

const FIND = `
  select ${TEMPLATE_COLUMNS}
  from template t
  join template_revision r
    on r.template_id = t.id and r.revision = case when $3::bigint = 0 then t.revision else $3::bigint end
  where t.id = $1 and ${IN_SIGHT}`;

const LOCK = `
  select t.hash, date_trunc('milliseconds', ramet_now()) as now
  from template t where t.id = $1 and ${IN_SIGHT}
  for no key update`;

const LIST = `
  select * from (
    select p.*, sum(octet_length(p.spec::text)) over (order by p.id desc)::float8 as bytes
    from (
      select ${TEMPLATE_COLUMNS}
      from template t
      join template_revision r on r.template_id = t.id and r.revision = t.revision
      where t.deleted_at is null
        and ($1::text[] is null or t.owner_id = any ($1) or t.shared)
        and ($2::text is null or t.owner_id = $2)
        and ($3 = '' or t.name = $3)
        and ($4::text is null or t.id < $4)
      order by t.id desc
      limit $5
    ) as p
  ) as weighed
  where bytes - octet_length(spec::text) < $6
  order by id desc`;

const WRITE = `
  insert into template as t
  select n.* from jsonb_populate_record(null::template, $1::jsonb) as n
  on conflict (id) do update
  set description = excluded.description, shared = excluded.shared, labels = excluded.labels,
      revision = excluded.revision, updated_at = excluded.updated_at,
      deleted_at = excluded.deleted_at, seq = excluded.seq, hash = excluded.hash`;

const WRITE_REVISION = `
  insert into template_revision (template_id, revision, spec, created_at)
  values ($1, $2, $3::jsonb, $4)
  on conflict do nothing`;

async function keptIn(tx: Queries, id: string): Promise<Template> {
  const [row] = await tx.query<TemplateRow>(FIND, [id, null, 0]);
  if (!row) throw new Error('a template that was made is not there');
  return toTemplate(row);
}

async function nowIn(tx: Queries): Promise<Date> {
  const sql = `select date_trunc('milliseconds', ramet_now()) as now`;
  const [row] = await tx.query<{ now: Date }>(sql);
  if (!row) throw new Error('the database does not tell the time');
  return row.now;
}

/** The owners in sight, as a parameter: null for all. */
function ownersIn(sight: Sight): readonly string[] | null {
  return sight === 'all' ? null : sight;
}

function nameTaken({ owner, name }: Pick<Template, 'owner' | 'name'>): PublicError {
  const message = `the owner has a template named ${name}`;
  return new PublicError('already_exists', 'NAME_TAKEN', message, {
    metadata: { name, owner_id: owner.id },
    resource: { kind: 'template', id: name },
  });
}
