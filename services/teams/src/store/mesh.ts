import type { Database } from '@ramet/database';

/** The id of this mesh, which it keeps for as long as its database. The first who asks gives it one. */
export async function meshIdOf(db: Database, newId: string): Promise<string> {
  await db.query('insert into mesh (id) values ($1) on conflict do nothing', [newId]);
  const [row] = await db.query<{ id: string }>('select id from mesh');
  if (!row) throw new Error('the mesh has no id');
  return row.id;
}
