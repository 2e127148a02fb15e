import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { isSafeUrl } from '../domain/identity-provider.js';

/** Finds the addresses of a host. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** What is not reached from elsewhere: of this machine, of its networks, and of no use. */
const INNER = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  INNER.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  INNER.addSubnet(network, bits, 'ipv6');
}

/**
 * Throws unless an issuer may say that its keys are at a URL: on its own host, or on one that is
 * reached from everywhere. Else it could have this service ask what is behind the firewall.
 *
 * The host is asked again when it is read: what then answers for another needs its certificate.
 */
export async function requireKeysPlace(
  issuer: string,
  keys: string,
  resolve: Resolve = addressesOf,
): Promise<void> {
  if (!isSafeUrl(keys)) throw new Error('the configuration does not say where keys are');
  const [own, other] = [issuer, keys].map((url) => new URL(url)) as [URL, URL];
  // What speaks for this machine's own port is here itself.
  if (own.hostname === other.hostname || own.protocol === 'http:') return;
  const inner = (await resolve(bare(other.hostname))).find(isInner);
  if (other.protocol === 'https:' && inner === undefined) return;
  throw new Error('the configuration says that keys are where only insiders get');
}

/** Tells whether an address is of no use to who is elsewhere. */
export function isInner(address: string): boolean {
  return INNER.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
