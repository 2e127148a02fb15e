const SERVICE = /^[a-z][a-z0-9-]{0,62}$/;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;

/** Tells whether text can name a trust domain (SPIFFE ID, section 2.1). */
export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text);
}

/**
 * The service that a certificate is for, by its names as Node writes them: the `<name>` in
 * `spiffe://<trust domain>/svc/<name>`. Undefined if it is for none.
 *
 * Exactly one name may be a URI (X509-SVID, section 2). Node puts a name in quotes that could be
 * taken for several: no certificate of ours has one.
 */
export function serviceIn(names: string, trustDomain: string): string | undefined {
  if (names.includes('"')) return undefined;
  const uris = names.split(', ').filter((name) => name.startsWith('URI:'));
  const [uri = '', ...more] = uris;
  const prefix = `URI:spiffe://${trustDomain}/svc/`;
  if (more.length > 0 || !uri.startsWith(prefix)) return undefined;
  const service = uri.slice(prefix.length);
  return SERVICE.test(service) ? service : undefined;
}
