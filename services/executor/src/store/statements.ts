import { COLUMNS } from './workload-row.js';

const NAMES = COLUMNS.map(([column]) => column).join(', ');
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ');

/** Finds workloads, with the time. */
export const FIND = `
  select *, ramet_now() as now from workload
  where execution_id = any($1::text[]) order by execution_id`;

/** Finds storages. */
export const FIND_STORAGES = `
  select * from storage where clone_id = any($1::text[]) order by clone_id`;

/** Finds these executions, and all of these clones. */
export const RELATED = `
  select * from workload
  where execution_id = any($1::text[]) or clone_id = any($2::text[])
  order by execution_id`;

/** Finds free places, from one on and around. At least one row, for its time. */
export const FREE_SLOTS = `
  select free.slot, clock.now
  from (select ramet_now() as now) as clock
  left join (
    select place.slot
    from generate_series(0, $3::int - 1) as place (slot)
    where not exists (
      select from workload
      where workload.host_id = $1 and workload.slot = place.slot and workload.state <> 'removed')
    order by (place.slot - $2::int + $3::int) % $3::int
    limit $4
  ) as free on true
  order by (free.slot - $2::int + $3::int) % $3::int`;

/** Inserts workloads, given one array per column. */
export const INSERT = `
  insert into workload (${NAMES})
  select ${NAMES} from unnest(${ARRAYS}) as new (${NAMES}) order by execution_id`;

/** Gives new workloads their row of work. */
export const INSERT_WORK = `
  insert into work (id, host_id, due_at)
  select id, host_id, case when due then ramet_now() end
  from unnest($1::text[], $2::text[], $3::boolean[]) as new (id, host_id, due) order by id`;

/** Makes workloads due at once. */
export const WAKE = `update work set due_at = ramet_now() where id = any($1::text[])`;

/** Makes workloads due at once and ends whatever lease there is on them. */
export const TAKE_OVER = `
  update work
  set due_at = ramet_now(), leased_until = '-infinity', lease_seq = lease_seq + 1
  where id = any($1::text[])`;

/** Finds what may exist on a host. */
export const ON_HOST = `
  select * from workload where host_id = $1 and state <> 'removed' order by execution_id`;

/** Finds what of a clone may still run beside an execution: others of older epochs. */
export const OLDER = `
  select * from workload
  where clone_id = $1 and epoch < $2
    and state in ('pending', 'running', 'stopping', 'removing')
  order by execution_id`;

/** Finds a page of workloads, newest first. */
export const PAGE = `
  select * from workload
  where ($1 = '' or clone_id = $1)
    and (created_at, execution_id) < ($2::timestamptz, $3)
  order by created_at desc, execution_id desc
  limit $4`;
