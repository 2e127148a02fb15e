/** Whether a text is an id of a kind, such as `cln`. Names have no underscore, so none is both. */
export function isId(prefix: string, text: string): boolean {
  return new RegExp(`^${prefix}_[0-9a-z]{26}$`).test(text);
}
