import pg from 'pg';

/** A statement, and how often a service has sent it. */
export interface Statement {
  readonly service: string;
  readonly text: string;
  readonly calls: number;
}

/** Counts the statements that services send, by what PostgreSQL has seen of each one's role. */
export interface StatementCounter extends AsyncDisposable {
  /** What has been sent since the last time, most first. */
  take(): Promise<readonly Statement[]>;
}

/** Starts to count, from now on. Throws if the server does not count its statements. */
export async function countStatements(adminUrl: string): Promise<StatementCounter> {
  const client = new pg.Client(adminUrl);
  await client.connect();
  const read = async (): Promise<readonly Statement[]> =>
    (await client.query<Statement>(STATEMENTS)).rows;
  let before = await read();
  return {
    async take() {
      const known = new Map(before.map((each) => [keyOf(each), each.calls]));
      before = await read();
      return before
        .map((each) => ({ ...each, calls: each.calls - (known.get(keyOf(each)) ?? 0) }))
        .filter(({ calls }) => calls > 0)
        .sort((a, b) => b.calls - a.calls);
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** All calls of statements. */
export function totalOf(statements: readonly Statement[]): number {
  return statements.reduce((sum, { calls }) => sum + calls, 0);
}

/** Statements less a part of others, such as those of a time when nothing was going on. */
export function less(
  statements: readonly Statement[],
  others: readonly Statement[],
  part: number,
): readonly Statement[] {
  const known = new Map(others.map((each) => [keyOf(each), each.calls * part]));
  return statements
    .map((each) => ({ ...each, calls: each.calls - (known.get(keyOf(each)) ?? 0) }))
    .sort((a, b) => b.calls - a.calls);
}

function keyOf({ service, text }: Statement): string {
  return `${service} ${text}`;
}

/** Roles of a mesh are named after its database and their service. */
const STATEMENTS = `
  select split_part(r.rolname, '_', 2) as service,
    left(regexp_replace(btrim(s.query, E' \\n'), '\\s+', ' ', 'g'), 160) as text,
    sum(s.calls)::float8 as calls
  from public.pg_stat_statements s
  join pg_roles r on r.oid = s.userid
  where s.dbid = (select oid from pg_database where datname = current_database())
    and r.rolname <> current_user
  group by 1, 2`;
