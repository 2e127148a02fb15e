import { fillClones } from '@ramet/lifecycle/testing';
import pg from 'pg';

/**
 * Fills an empty schema of lifecycle, which must not run meanwhile, with clones of others that are
 * not due, and whose past is neither to be published nor told to anybody.
 */
export async function fillIdle(adminUrl: string, count: number): Promise<void> {
  const options = '-c search_path=lifecycle';
  const client = new pg.Client({ connectionString: adminUrl, options });
  await client.connect();
  try {
    await fillClones((sql) => client.query(sql), count);
    for (const statement of AT_REST) await client.query(statement);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

const AT_REST = [
  'update work set due_at = null where due_at <= ramet_now()',
  `insert into relay (name, position) select 'nats', position from sequencer
   on conflict (name) do update set position = excluded.position`,
  `insert into consumer (producer, position, lease_seq, leased_until)
   select 'lifecycle', position, 1, '-infinity' from sequencer
   on conflict (producer) do update set position = excluded.position`,
];
