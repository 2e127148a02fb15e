/** A value that must not be found anywhere but where it belongs. */
export interface Canary {
  readonly name: string;
  /** Its bytes, or the part of them that nobody may see: at least 12. */
  readonly bytes: Buffer;
}

/** Looks for canaries in any bytes: as they are, and as hex, base64 or base64url. */
export interface Finder {
  /** What was found, such as `the key of a user as hex`. */
  find(bytes: Buffer): readonly string[];
}

interface Pattern {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A value is cut off in places: its end is looked for, as its beginning may be meant to be seen. */
const TAIL = 16;
const SHORTEST = 12;
const KEY_BYTES = 3;
const KEYS = 1 << (8 * KEY_BYTES);

/** Makes a canary of a secret text or of bytes. */
export function canary(name: string, secret: string | Buffer): Canary {
  const bytes = Buffer.from(secret as string).subarray(-TAIL);
  if (bytes.length < SHORTEST) throw new Error(`too short to be told from anything else: ${name}`);
  return { name, bytes };
}

/** Makes a finder, which goes over the bytes once for all canaries. */
export function createFinder(canaries: readonly Canary[]): Finder {
  const byStart = new Map<number, Pattern[]>();
  const isStart = new Uint8Array(KEYS);
  for (const pattern of canaries.flatMap(patternsOf)) {
    const key = keyAt(pattern.bytes, 0);
    isStart[key] = 1;
    byStart.set(key, [...(byStart.get(key) ?? []), pattern]);
  }
  return {
    find(bytes) {
      const found = new Set<string>();
      for (let at = 0; at + SHORTEST <= bytes.length; at += 1) {
        const key = keyAt(bytes, at);
        if (isStart[key] !== 1) continue;
        for (const pattern of byStart.get(key) ?? []) {
          if (isAt(bytes, at, pattern.bytes)) found.add(pattern.name);
        }
      }
      return [...found];
    },
  };
}

function patternsOf({ name, bytes }: Canary): readonly Pattern[] {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].flatMap((offset) => {
    const text = insideOfBase64(bytes, offset);
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    { name: `${name} as it is`, bytes },
    ...[hex, hex.toUpperCase()].map((text) => ({
      name: `${name} as hex`,
      bytes: Buffer.from(text),
    })),
    ...[...new Set(base64)].map((text) => ({
      name: `${name} as base64`,
      bytes: Buffer.from(text),
    })),
  ];
}

/** The characters that bytes become in base64 whatever stands before and after them. */
function insideOfBase64(bytes: Buffer, offset: number): string {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
  const whole = shifted.length - (shifted.length % 3);
  return shifted
    .subarray(0, whole)
    .toString('base64')
    .slice(offset === 0 ? 0 : 4);
}

function keyAt(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function isAt(bytes: Buffer, at: number, pattern: Buffer): boolean {
  return bytes.subarray(at, at + pattern.length).equals(pattern);
}
