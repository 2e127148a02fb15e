import { UsageError } from '../usage-error.js';

const HEX = /^(?:0x)?((?:[0-9a-f]{2})+)$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The bytes that a text writes as `hex`, with `0x` before them or not, or as `base64`; the bytes as they
 * are where no encoding is said. The text is zeroed then.
 *
 * Throws UsageError, which tells nothing of the text, if it is not so written.
 */
export function decodeSecret(given: Buffer, encoding: string | undefined): Buffer {
  switch (encoding) {
    case undefined:
      return given;
    case 'hex':
      return decoded(given, encoding, HEX.exec(given.toString('latin1'))?.[1]);
    case 'base64':
      return decoded(given, encoding, BASE64.exec(given.toString('latin1'))?.[0]);
    default:
      throw new UsageError(`'${encoding}' is none of hex, base64`);
  }
}

function decoded(given: Buffer, encoding: 'hex' | 'base64', digits: string | undefined): Buffer {
  given.fill(0);
  if (!digits) throw new UsageError(`the secret is not written in ${encoding}`);
  return Buffer.from(digits, encoding);
}
