const POLYNOMIAL = 0xedb88320;

/** The CRC-32 of an ASCII text, as zip and PNG have it. */
export function crc32(text: string): number {
  let rest = 0xffffffff;
  for (let place = 0; place < text.length; place += 1) {
    rest ^= text.charCodeAt(place);
    for (let bit = 0; bit < 8; bit += 1) {
      rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
    }
  }
  return ~rest >>> 0;
}
