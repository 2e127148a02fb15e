import { readSequence, readValues, TAG, type Value } from '../der.js';
import { isNumber, readLabelled, readPrivateKeyInfo, wholeBytes } from '../private-key-info.js';
import { type Curve, compressed, isScalar, pointOf, SCALAR_BYTES } from './curve.js';

/**
 * A copy of the private key in whichever form it was given: 32 bytes, SEC 1 or PKCS8 (DER or PEM).
 * Undefined if it is none of them, not of the curve, or not that of a public key that came with it.
 */
export function readEcPrivateKey(curve: Curve, given: Buffer): Buffer | undefined {
  if (given.length === SCALAR_BYTES) return copyIfValid(curve, given, []);
  return (
    readLabelled(given, 'EC PRIVATE KEY', (der) => inSec1(curve, der, 'required')) ??
    readPrivateKeyInfo(given, ({ identifier, key, publicKey }) =>
      identifier.equals(curve.identifier) ? inSec1(curve, key, 'optional', publicKey) : undefined,
    )
  );
}

/** Reads ECPrivateKey (RFC 5915): alone it must name its curve, in PKCS8 that has. */
function inSec1(
  curve: Curve,
  der: Buffer,
  naming: 'required' | 'optional',
  claim?: Buffer,
): Buffer | undefined {
  const [version, scalar, ...options] = readSequence(der) ?? [];
  const isFramed =
    version?.tag === TAG.integer && isNumber(version.content, 1) && scalar?.tag === TAG.octetString;
  if (!isFramed) return undefined;

  const named = options[0]?.tag === TAG.context(0) ? options[0] : undefined;
  const [point, ...more] = named ? options.slice(1) : options;
  const isOfCurve = named ? named.content.equals(curve.oid) : naming === 'optional';
  const claims = claimsIn(point);
  if (!isOfCurve || !claims || more.length > 0) return undefined;
  return copyIfValid(curve, scalar.content, claim ? [...claims, claim] : claims);
}

/** The public keys in the last part of ECPrivateKey: none if it is absent, undefined if it is odd. */
function claimsIn(part: Value | undefined): readonly Buffer[] | undefined {
  if (!part) return [];
  const [bits, ...more] = part.tag === TAG.context(1) ? [...valueIn(part)] : [];
  const point = bits?.tag === TAG.bitString && more.length === 0 && wholeBytes(bits.content);
  return point ? [point] : undefined;
}

function valueIn({ content }: Value): readonly Value[] {
  return readValues(content) ?? [];
}

function copyIfValid(curve: Curve, scalar: Buffer, claims: readonly Buffer[]): Buffer | undefined {
  if (!isScalar(curve, scalar)) return undefined;
  if (claims.length > 0) {
    const point = pointOf(curve, scalar);
    const isOwn = (claim: Buffer) => claim.equals(point) || claim.equals(compressed(point));
    if (!claims.every(isOwn)) return undefined;
  }
  return Buffer.from(scalar);
}
