import type { Operation } from '../grant.js';
import type { SchemeKey } from '../scheme.js';
import { decodeRlp, isBytes } from './rlp.js';
import { readSolanaMessage } from './solana-message.js';
import { schemeOf } from './venues.js';

const LEGACY_FIELDS = new Set([6, 9]);
const MAX_TYPE = 0x7f;

/**
 * The operation that bytes would be a payload of, if somebody else had put them together.
 *
 * A grant that allows raw bytes and not that operation must not sign them: its limits would be
 * gone around. Undefined for bytes that are nothing of the kind.
 *
 * The algorithm of the key makes no difference, although a venue may want one for some of this: what
 * is refused without need is asked for by its own name, and what a venue takes can change.
 */
export function resemblanceOf(bytes: Buffer, { venue }: SchemeKey): Operation | undefined {
  if (isEvmTransaction(bytes)) return 'evm_transaction';
  if (bytes[0] === 0x19) return bytes[1] === 0x01 ? 'evm_typed_data' : 'evm_message';
  if (readSolanaMessage(bytes)) return 'solana_message';
  return schemeOf(venue)?.resembles(bytes.toString('latin1')) ? 'venue' : undefined;
}

/** Whether it is a transaction: typed (EIP-2718), or legacy, before or after it was signed. */
function isEvmTransaction(bytes: Buffer): boolean {
  const [first = 0] = bytes;
  const isTyped = first <= MAX_TYPE;
  const fields = decodeRlp(isTyped ? bytes.subarray(1) : bytes);
  if (fields === undefined || isBytes(fields)) return false;
  return isTyped ? fields.length >= LEAST_TYPED_FIELDS : LEGACY_FIELDS.has(fields.length);
}

/** As many as the shortest typed transaction has, before it is signed. */
const LEAST_TYPED_FIELDS = 8;
