/** SQL: why the user `u` gets no token, whatever proves who they are. Null: they may get one. */
export const USER_REFUSAL = `(case
  when u.deleted_at is not null then 'USER_DELETED'
  when u.disabled_at is not null then 'USER_DISABLED'
  when exists (select from team home where home.id = u.team_id and home.deleted_at is not null)
    then 'TEAM_DELETED'
  end)`;

/** SQL: whether the user `u` may get tokens at all. */
export const IS_GOOD_USER = `(${USER_REFUSAL} is null)`;
