import { BlockList, isIP } from 'node:net';

type Network = readonly [string, number];

/** What no input may come from: this link, the metadata of clouds, and what is no host at all. */
const NEVER: readonly Network[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['2001::', 32],
];

/** What an input may come from only where that is allowed: this host, and networks of its own. */
const PRIVATE: readonly Network[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['::1', 128],
  ['fc00::', 7],
  ['100::', 64],
  ['2001:db8::', 32],
];

const never = listOf(NEVER);
const elsewhere = listOf([...NEVER, ...PRIVATE]);

/** Whether an input may be fetched from an address, as numbers. What is no address is not. */
export function mayFetchFrom(address: string, allowPrivate: boolean): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const refused = allowPrivate ? never : elsewhere;
  const inner = family === 6 ? innerOf(address) : undefined;
  if (inner !== undefined) return mayFetchFrom(inner, allowPrivate);
  return !refused.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The IPv4 address that an IPv6 one stands for: mapped, compatible, translated, or 6to4. */
function innerOf(address: string): string | undefined {
  const groups = groupsOf(address);
  const text = (high = 0, low = 0) => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const leading = (count: number) => groups.slice(0, count).every((group) => group === 0);
  if (leading(5) && groups[5] === 0xffff) return text(groups[6], groups[7]);
  if (leading(4) && groups[4] === 0xffff && groups[5] === 0) return text(groups[6], groups[7]);
  if (leading(6) && (groups[6] ?? 0) > 0) return text(groups[6], groups[7]);
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return text(groups[6], groups[7]);
  if (groups[0] === 0x2002) return text(groups[1], groups[2]);
  return undefined;
}

function groupsOf(address: string): readonly number[] {
  const [bare = ''] = address.split('%');
  // The parser of addresses writes an IPv4 ending as two groups.
  const { hostname } = new URL(`http://[${bare}]/`);
  const [before = '', after] = hostname.slice(1, -1).split('::');
  const head = before.split(':').filter(Boolean);
  const tail = (after ?? '').split(':').filter(Boolean);
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<string>(zeros).fill('0'), ...tail].map((group) =>
    Number.parseInt(group, 16),
  );
}

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of networks) {
    list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
