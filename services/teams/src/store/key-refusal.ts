/** SQL: whether a key with scopes that has made the key `k`, or one before it, was revoked. */
const LOST_MAKER = `exists (
  select from api_key maker where maker.id = any(k.made_with) and maker.revoked_at is not null)`;

/** SQL: why the key `k` is not good any more. Null: it is, or there is none. */
export const KEY_REFUSAL = `(case
  when k.revoked_at is not null or ${LOST_MAKER} then 'API_KEY_REVOKED'
  when k.expires_at <= ramet_now() then 'API_KEY_EXPIRED'
  end)`;
