import type { Queries } from '@ramet/database';

/** Reads the id of this mesh, which it keeps for as long as its database. */
export async function readMeshId(db: Queries): Promise<string> {
  const [row] = await db.query<{ id: string }>('select id from mesh');
  if (!row) throw new Error('the mesh has no id');
  return row.id;
}
