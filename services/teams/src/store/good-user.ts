/** SQL: whether the user `u` may get tokens at all, whatever proves who they are. */
export const IS_GOOD_USER = `(
  u.disabled_at is null and u.deleted_at is null
  and not exists (select from team home where home.id = u.team_id and home.deleted_at is not null))`;
