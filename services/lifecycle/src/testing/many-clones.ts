/** How many owners the clones of `fillClones` have. The first has three of ten clones. */
export const MANY_OWNERS = 200;

/** The owner of a number, from 0 on. Every other one is a team. */
export function manyOwner(n: number): string {
  return `${n % 2 === 0 ? 'usr' : 'tem'}_${String(n).padStart(26, '0')}`;
}

/** The clone of a number, from 1 on, as `fillClones` makes it. */
export function manyClone(n: number): string {
  return `cln_${String(n).padStart(26, '0')}`;
}

type Run = (sql: string) => Promise<unknown>;

/**
 * Fills an empty schema with clones as a mesh of some age has them: most are at rest, three of ten
 * deleted, one of a hundred is running, and one in 2,000 is due.
 *
 * They are no clones that came to be by changes: nothing but reads may be tried on them.
 */
export async function fillClones(run: Run, count: number): Promise<void> {
  await run(fill(count));
  for (const table of ['clone', 'execution', 'work', 'history']) await run(`analyze ${table}`);
}

/** One statement. Indexes and references are made anew behind the rows, which is many times faster. */
function fill(count: number): string {
  return `
    do $fill$
    declare
      v_count   constant integer := ${Math.trunc(count)};
      v_now     constant timestamptz := ramet_now();
      v_names   text[];
      v_indexes text[];
      v_each    text;
    begin
      select array_agg(i.indexname), array_agg(i.indexdef) into v_names, v_indexes
      from pg_indexes i
      where i.schemaname = current_schema() and i.tablename = 'clone'
        and i.indexname <> 'clone_pkey';
      foreach v_each in array v_names loop execute 'drop index ' || v_each; end loop;
      alter table execution drop constraint execution_clone_id_fkey;
      ${CLONES}; ${EXECUTIONS}; ${WORK}; ${HISTORY};
      update sequencer set position = v_count;
      foreach v_each in array v_indexes loop execute v_each; end loop;
      alter table execution add constraint execution_clone_id_fkey
        foreign key (clone_id) references clone (id);
    end
    $fill$`;
}

const CLONES = `
  insert into clone (
    id, name, kind, owner_id, creator_id, bot_id, team_id, key_id, release, stages, labels,
    run_epoch, proven_release, started_at, desired, phase, reason, message, phase_at, deadline_at, epoch, conditions, created_at,
    updated_at, deleted_at, seq, hash)
  select
    'cln_' || lpad(n::text, 26, '0'),
    case when n % 6 = 5 then '' else (array['trader', 'web', 'job'])[1 + n % 3] || '-' || n end,
    (array['BOT', 'BOT', 'BOT', 'WORKFLOW'])[1 + n % 4],
    case owner % 2 when 0 then 'usr_' else 'tem_' end || lpad(owner::text, 26, '0'),
    'usr_' || lpad(owner::text, 26, '0'),
    'bot_' || lpad((n % 50)::text, 26, '0'),
    'tem_' || lpad(owner::text, 26, '0'),
    case when n % 2 = 0 then '' else 'key_' || lpad(n::text, 26, '0') end,
    '{"number": 1, "templateRevision": 0, "tag": "", "overrides": [], "limits": {}, "parameters":
      [{"name": "symbol", "value": "BTCUSDT"}, {"name": "fast", "value": "5"}], "stages":
      [{"name": "main", "always": false, "oncePerRelease": false, "limits": {}, "ports": [], "work":
        {"kind": "source", "source": {"kind": "process", "bundle": "bot", "tag": "", "command":
          ["node", "bot.mjs"], "revision": 1}}}]}',
    jsonb_build_array(jsonb_build_object('name', 'main', 'always', false, 'executions', 1, 'epoch', 1,
      'executionId', 'exe_' || lpad(n::text, 26, '0'),
      'state', case phase when 'RUNNING' then 'ACTIVE' when 'FAILED' then 'FAILED' else 'SUCCEEDED' end)),
    jsonb_build_object('team', (array['red', 'green', 'blue'])[1 + n % 3])
      || case when n % 5000 = 0 then '{"canary": "yes"}' else '{}' end::jsonb,
    1, 1, at,
    case phase when 'RUNNING' then 'RUNNING' when 'DELETED' then 'DELETED' else 'STOPPED' end,
    phase, case phase when 'FAILED' then 'WORKLOAD_FAILED' else '' end, '',
    at, case when phase = 'RUNNING' then at + interval '1 day' end, 1, '[]', at, at,
    case when phase = 'DELETED' then at end, 1, decode(repeat('00', 32), 'hex')
  from (
    select n, v_now - (v_count - n) * interval '1 second' as at,
      case when n % 10 < 3 then 0 else 1 + n * 31 % ${MANY_OWNERS - 1} end as owner,
      case
        when n * 17 % 100 = 0 then 'RUNNING'
        when n * 17 % 100 < 5 then 'FAILED'
        when n * 17 % 100 < 40 then 'COMPLETED'
        when n * 17 % 100 < 70 then 'STOPPED'
        else 'DELETED'
      end as phase
    from generate_series(1, v_count) as n
  ) as made`;

const EXECUTIONS = `
  insert into execution (id, clone_id, epoch, created_at, started_at, ended_at, outcome)
  select 'exe_' || right(c.id, 26), c.id, 1, c.created_at, c.created_at,
    case when c.phase <> 'RUNNING' then c.phase_at end,
    case when c.phase <> 'RUNNING'
      then '{"kind": "SUCCEEDED", "reason": "", "message": "", "signal": ""}'::jsonb end
  from clone c`;

const WORK = `
  insert into work (id, due_at)
  select c.id,
    case
      when right(c.id, 26)::bigint % 2000 = 0 then v_now
      when c.phase = 'RUNNING' then v_now + interval '1 hour'
    end
  from clone c`;

const HISTORY = `
  insert into history (
    position, aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  select right(c.id, 26)::bigint, c.id, 1, 'clone.created', 'user:' || c.creator_id, '',
    decode(repeat('07', 400), 'hex'), '', c.hash, c.created_at, ''
  from clone c
  order by c.id`;
