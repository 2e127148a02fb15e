import pg from 'pg';
import { PEERS, type Peer } from './contract.js';
import type { TestMesh } from './mesh.js';

/** The database of a mesh, read by a role that sees everything. */
export interface Rows extends AsyncDisposable {
  query(sql: string, values?: readonly unknown[]): Promise<Readonly<Record<string, unknown>>[]>;
  /** Every table of every service, such as `keys.key`. */
  tables(): Promise<readonly string[]>;
  /** How many rows each table has. */
  counts(): Promise<Readonly<Record<string, number>>>;
}

/** Opens the database of a mesh. */
export async function openRows({ mesh }: TestMesh): Promise<Rows> {
  const client = new pg.Client(mesh.stores.adminUrl);
  await client.connect();
  const query = async (sql: string, values: readonly unknown[] = []) =>
    (await client.query(sql, [...values])).rows;
  const tables = async (): Promise<readonly string[]> => {
    const rows = await query(
      `select schemaname || '.' || quote_ident(tablename) as name from pg_tables
       where schemaname = any ($1) order by 1`,
      [PEERS satisfies readonly Peer[]],
    );
    return rows.map(({ name }) => String(name));
  };
  return {
    query,
    tables,
    async counts() {
      const names = await tables();
      const counts = names.map(
        (name) => `select '${name}' as name, count(*)::int as rows from ${name}`,
      );
      const rows = await query(counts.join(' union all '));
      return Object.fromEntries(rows.map(({ name, rows: count }) => [String(name), Number(count)]));
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
