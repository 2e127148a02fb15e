/** What an address is, as far as webhooks are concerned. */
export type AddressKind = 'public' | 'private' | 'forbidden';

/** Where a range of addresses begins, and how many bits of it count. */
type Range = readonly [address: string, bits: number];

/** Never posted to: link-local, multicast, and where clouds tell machines their credentials. */
const FORBIDDEN: readonly Range[] = [
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['168.63.129.16', 32],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
];

/** Reachable from here and not from everywhere, or not meant to be reached at all. */
const PRIVATE: readonly Range[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['240.0.0.0', 4],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
];

/** All that is given to the public of IPv6. */
const GLOBAL: Range = ['2000::', 3];

/** IPv6 addresses that stand for an IPv4 one, and at which byte that begins. */
const EMBEDDING: readonly (readonly [Range, number])[] = [
  [['::ffff:0:0', 96], 12],
  [['::ffff:0:0:0', 96], 12],
  [['64:ff9b::', 96], 12],
  [['2002::', 16], 2],
];

/**
 * Tells what an address is, given as text; undefined if it is none.
 *
 * An IPv6 address that stands for an IPv4 one is what that is: packets to it end up there.
 */
export function kindOfAddress(text: string): AddressKind | undefined {
  const bytes = bytesOf(text);
  return bytes && kindOf(bytes);
}

function kindOf(bytes: readonly number[]): AddressKind {
  const isIn = (range: Range): boolean => isWithin(bytes, range);
  if (FORBIDDEN.some(isIn)) return 'forbidden';
  const embedding = EMBEDDING.find(([range]) => isIn(range));
  if (embedding) return kindOf(bytes.slice(embedding[1], embedding[1] + 4));
  if (PRIVATE.some(isIn)) return 'private';
  return bytes.length === 4 || isIn(GLOBAL) ? 'public' : 'private';
}

function isWithin(bytes: readonly number[], [address, bits]: Range): boolean {
  const start = bytesOf(address) ?? [];
  if (start.length !== bytes.length) return false;
  return start.every((byte, index) => {
    const counted = Math.min(Math.max(bits - index * 8, 0), 8);
    const mask = (0xff << (8 - counted)) & 0xff;
    return (byte & mask) === ((bytes[index] ?? 0) & mask);
  });
}

/** The 4 or 16 bytes of an address, or undefined if the text is none. */
function bytesOf(text: string): readonly number[] | undefined {
  return text.includes(':') ? sixteen(text.replace(/%.*$/, '')) : four(text);
}

function four(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  const isAddress =
    parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isAddress ? parts.map(Number) : undefined;
}

function sixteen(text: string): readonly number[] | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  if (!before || !after) return undefined;
  const missing = 16 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...before, ...Array<number>(missing).fill(0), ...after];
}

/** The bytes of groups of hexadecimal digits, of which the last may be an IPv4 address. */
function groups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  for (const group of text.split(':')) {
    const last = group.includes('.') ? four(group) : undefined;
    if (last) bytes.push(...last);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}
