import pg from 'pg';

/** Asks a database one thing, on a connection of its own. Numbers of eight bytes are bigints. */
export async function ask<Row extends object>(
  url: string,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url, types: TYPES });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...parameters])).rows;
  } finally {
    await client.end();
  }
}

const INT8 = 20;

const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (id, format) => (id === INT8 ? BigInt : pg.types.getTypeParser(id, format)),
};
