import type { Algorithm } from '../domain/algorithm.js';
import type { ToSign } from '../domain/scheme.js';
import type { OpenedKey } from './families/family.js';
import { FAMILIES } from './families/table.js';

/**
 * Signs. What a deterministic algorithm is given again it signs the same; what it has signed with a
 * private key was verified.
 *
 * What takes no time is done at once: a promise would cost more than an HMAC.
 */
export function sign(
  algorithm: Algorithm,
  key: OpenedKey,
  toSign: ToSign,
): Buffer | Promise<Buffer> {
  return FAMILIES[algorithm].sign(key, toSign);
}
