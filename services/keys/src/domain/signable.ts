import { invalid, PublicError } from '@ramet/errors';
import { ALGORITHMS } from './algorithm.js';
import type { Operation } from './grant.js';
import type { Draft, Payload, SchemeKey, Signable, SignFacts, ToSign } from './scheme.js';
import { draftMessage } from './schemes/evm-message.js';
import {
  draftTransaction,
  type EvmTransaction,
  factsOfTransaction,
  problemsOfTransaction,
} from './schemes/evm-transaction.js';
import { readTypedData } from './schemes/evm-typed-data.js';
import { resemblanceOf } from './schemes/resemblance.js';
import { draftSolanaMessage, requireSolanaSigner } from './schemes/solana.js';
import { signableVenue } from './schemes/venue.js';

/**
 * Makes a payload ready. Throws VENUE_UNSUPPORTED or REQUEST_INVALID if it does not fit the key, and
 * OPERATION_NOT_GRANTED for raw bytes that are the payload of another operation, whose limits would be
 * gone around. Whether its own is granted is asked before, by `requireGranted`.
 */
export function signable(payload: Payload, key: SchemeKey): Signable {
  switch (payload.kind) {
    case 'raw':
      return signableRaw(payload.bytes, key);
    case 'prehashed':
      return signablePrehashed(payload.digest, key);
    case 'venue':
      return signableVenue(payload.request, key);
    case 'evm_transaction':
      return signableTransaction(payload.transaction, key);
    case 'evm_message':
      requireAlgorithm('evm_message', 'ecdsa_secp256k1', key);
      return ready('evm_message', payload.message.length, { evm: {} }, () =>
        draftMessage(payload.message),
      );
    case 'evm_typed_data':
      return signableTypedData(payload.json, key);
    case 'solana_message':
      return signableSolana(payload.message, key);
  }
}

function signableRaw(bytes: Buffer, key: SchemeKey): Signable {
  const operation = resemblanceOf(bytes, key);
  if (operation) throw resembles(operation);
  const toSign: ToSign = { bytes, hash: 'algorithm', encoding: 'plain' };
  return ready('raw', bytes.length, {}, () => signatureOnly(toSign));
}

function signablePrehashed(digest: Buffer, { algorithm }: SchemeKey): Signable {
  const { digestBytes } = ALGORITHMS[algorithm];
  if (digestBytes === undefined) {
    throw invalid({ field: 'prehashed', description: `${algorithm} signs no digest` });
  }
  if (digest.length !== digestBytes) {
    throw invalid({ field: 'prehashed', description: `must have ${digestBytes} bytes` });
  }
  const encoding = algorithm === 'ecdsa_secp256k1' ? 'recoverable' : 'plain';
  const toSign: ToSign = { bytes: digest, hash: 'none', encoding };
  return ready('prehashed', digest.length, {}, () => signatureOnly(toSign));
}

function signableTransaction(transaction: EvmTransaction, key: SchemeKey): Signable {
  requireAlgorithm('evm_transaction', 'ecdsa_secp256k1', key);
  const violations = problemsOfTransaction(transaction);
  if (violations.length > 0) throw invalid(...violations);
  const evm = factsOfTransaction(transaction);
  const draft = draftTransaction(transaction, key);
  return ready('evm_transaction', draft.toSign.bytes.length, { evm }, () => draft);
}

function signableTypedData(json: string, key: SchemeKey): Signable {
  requireAlgorithm('evm_typed_data', 'ecdsa_secp256k1', key);
  const { facts: evm, draft } = readTypedData(json);
  return ready('evm_typed_data', Buffer.byteLength(json), { evm }, draft);
}

function signableSolana(message: Buffer, key: SchemeKey): Signable {
  requireAlgorithm('solana_message', 'ed25519', key);
  const { programs } = requireSolanaSigner(message, key);
  const draft = () => draftSolanaMessage(message);
  return ready('solana_message', message.length, { solana: { programs } }, draft);
}

/** A payload whose operation is its scheme, and which is signed the same at any time. */
function ready(
  operation: Operation,
  bytes: number,
  facts: Pick<SignFacts, 'evm' | 'solana'>,
  draft: () => Draft,
): Signable {
  const scheme = operation;
  return {
    ...{ scheme, operation, needsNonce: false, draft },
    facts: { operation, scheme, bytes, ...facts },
  };
}

function signatureOnly(toSign: ToSign): Draft {
  return { toSign, finish: (signature) => ({ signature }) };
}

function requireAlgorithm(
  field: Operation,
  wanted: SchemeKey['algorithm'],
  { algorithm }: SchemeKey,
): void {
  if (algorithm === wanted) return;
  throw invalid({ field, description: `is for keys of ${wanted}, and this one is ${algorithm}` });
}

function resembles(operation: Operation): PublicError {
  const message = `the bytes are those of another operation, by which they can be asked for: ${operation}`;
  return new PublicError('permission_denied', 'OPERATION_NOT_GRANTED', message, {
    metadata: { operation },
  });
}

/** Throws OPERATION_NOT_GRANTED: what is not granted is not even read, however long that would take. */
export function requireGranted(
  { kind: operation }: Payload,
  key: Pick<SchemeKey, 'operations'> & { readonly grantId: string },
): void {
  if (key.operations.includes(operation)) return;
  const message = `the grant does not allow this operation: ${operation}`;
  throw new PublicError('permission_denied', 'OPERATION_NOT_GRANTED', message, {
    metadata: { grant_id: key.grantId, operation },
  });
}

/** The parts of a payload that a repeated request must have in common with the first one. */
export function partsOf(payload: Payload): readonly (string | Buffer)[] {
  switch (payload.kind) {
    case 'raw':
      return [payload.bytes];
    case 'prehashed':
      return [payload.digest];
    case 'venue': {
      const { method, host, path, query, body } = payload.request;
      return [method, host, path, query, body];
    }
    case 'evm_transaction':
      return partsOfTransaction(payload.transaction);
    case 'evm_message':
    case 'solana_message':
      return [payload.message];
    case 'evm_typed_data':
      return [payload.json];
  }
}

function partsOfTransaction(transaction: EvmTransaction): readonly (string | Buffer)[] {
  const { chainId, nonce, gasLimit, to, value, data, fee, accessList } = transaction;
  const fees = fee.kind === 'dynamic' ? [fee.maxFee, fee.maxPriorityFee] : [fee.gasPrice];
  const accesses = accessList.flatMap(({ address, storageKeys }) => [address, ...storageKeys]);
  return [`${chainId}`, `${nonce}`, `${gasLimit}`, to, value, data, fee.kind, ...fees, ...accesses];
}
