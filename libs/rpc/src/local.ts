const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Tells whether what is sent to a host, or a `unix:` socket, stays on this machine. */
export function isLocal(host: string): boolean {
  return host.startsWith('unix:') || LOOPBACK.test(host);
}
