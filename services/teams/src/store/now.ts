import type { Queries } from '@ramet/database';

/** The database's time in whole milliseconds, as SQL: what is stored is what is told. */
export const NOW = `date_trunc('milliseconds', ramet_now())`;

/** Reads the database's time, in whole milliseconds. */
export async function readNow(db: Queries): Promise<Date> {
  const [row] = await db.query<{ now: Date }>(`select ${NOW} as now`);
  if (!row) throw new Error('the database does not tell the time');
  return row.now;
}
