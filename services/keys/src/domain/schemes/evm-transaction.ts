import type { Violation } from '@ramet/errors';
import type { Draft, EvmFacts, SchemeKey } from '../scheme.js';
import { addressOf, keccak256, readAddress } from './evm-address.js';
import { encodeRlp, type Rlp, rlpNumber } from './rlp.js';

/** An Ethereum transaction, before it is signed. Amounts are in wei, as decimal digits. */
export interface EvmTransaction {
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** 0x and 40 hex digits. Empty: it creates a contract. */
  readonly to: string;
  readonly value: string;
  readonly data: Buffer;
  readonly fee: EvmFee;
  readonly accessList: readonly EvmAccess[];
}

/** What a transaction pays for gas. */
export type EvmFee =
  | { readonly kind: 'gas_price'; readonly gasPrice: string }
  | { readonly kind: 'dynamic'; readonly maxFee: string; readonly maxPriorityFee: string };

/** An address and slots that a transaction will touch. */
export interface EvmAccess {
  readonly address: string;
  readonly storageKeys: readonly Buffer[];
}

/** How many addresses and slots an access list may have together: each costs 1900 gas and more. */
const MAX_ACCESSES = 1_024;
const MAX_AMOUNT = 2n ** 256n;
const ADDRESS = 'must be 0x and 40 hex digits, with the checksum of EIP-55 if in both cases';
const SELECTOR_BYTES = 4;

/** What is wrong with a transaction, by field. */
export function problemsOfTransaction(transaction: EvmTransaction): readonly Violation[] {
  const { to, value, fee, accessList, data } = transaction;
  const violations: Violation[] = [];
  const refuse = (field: string, description: string): void => {
    violations.push({ field: `evm_transaction.${field}`, description });
  };
  if (to !== '' && !readAddress(to)) refuse('to', ADDRESS);
  if (to === '' && data.length === 0) refuse('data', 'is required where there is no to');
  const amounts = { value, ...amountsOf(fee) };
  for (const [field, amount] of Object.entries(amounts)) {
    if (wei(amount) >= MAX_AMOUNT) refuse(field, 'must be less than 2 to the power of 256');
  }
  if (fee.kind === 'dynamic' && wei(fee.maxPriorityFee) > wei(fee.maxFee)) {
    refuse('dynamic_fee.max_priority_fee', 'must not be more than max_fee');
  }
  const slots = accessList.reduce((sum, { storageKeys }) => sum + storageKeys.length, 0);
  if (accessList.length + slots > MAX_ACCESSES) {
    refuse('access_list', `must have at most ${MAX_ACCESSES} addresses and slots together`);
  }
  for (const [at, { address }] of accessList.entries()) {
    if (!readAddress(address)) refuse(`access_list[${at}].address`, ADDRESS);
  }
  return violations;
}

/** What a transaction is about. */
export function factsOfTransaction(transaction: EvmTransaction): EvmFacts {
  const { chainId, to, value, data, gasLimit, fee } = transaction;
  const price = fee.kind === 'dynamic' ? fee.maxFee : fee.gasPrice;
  const selector = data.length >= SELECTOR_BYTES && to !== '';
  return {
    chainId,
    to: to.toLowerCase(),
    value: wei(value) + gasLimit * wei(price),
    ...(selector && { selector: `0x${data.toString('hex', 0, SELECTOR_BYTES)}` }),
  };
}

/**
 * A transaction to sign: of EIP-1559 with dynamic fees, of EIP-2930 with an access list, else of
 * EIP-155.
 */
export function draftTransaction(transaction: EvmTransaction, { publicKey }: SchemeKey): Draft {
  const { kind, fields, unsigned } = formOf(transaction);
  const sign = (parity: bigint) => (kind === 0 ? parity + 35n + transaction.chainId * 2n : parity);
  return {
    toSign: { bytes: typed(kind, unsigned), hash: 'keccak256', encoding: 'recoverable' },
    finish(signature) {
      const v = sign(BigInt(signature[64] ?? 0));
      const r = numberOf(signature.subarray(0, 32));
      const s = numberOf(signature.subarray(32, 64));
      const rawTransaction = typed(kind, [...fields, rlpNumber(v), rlpNumber(r), rlpNumber(s)]);
      const hash = keccak256(rawTransaction);
      return {
        signature,
        evmTransaction: { rawTransaction, hash, sender: addressOf(publicKey) },
      };
    },
  };
}

interface Form {
  /** The type of EIP-2718; 0 for legacy transactions, which have none. */
  readonly kind: number;
  readonly fields: readonly Rlp[];
  readonly unsigned: readonly Rlp[];
}

function formOf(transaction: EvmTransaction): Form {
  const { chainId, nonce, fee, gasLimit, to, value, data, accessList } = transaction;
  const chain = rlpNumber(chainId);
  const first = rlpNumber(nonce);
  const recipient = to === '' ? Buffer.alloc(0) : bytesOf(to);
  const rest = [rlpNumber(gasLimit), recipient, rlpNumber(wei(value)), data];
  const accesses = accessList.map(({ address, storageKeys }) => [bytesOf(address), storageKeys]);
  if (fee.kind === 'dynamic') {
    const fees = [rlpNumber(wei(fee.maxPriorityFee)), rlpNumber(wei(fee.maxFee))];
    const fields = [chain, first, ...fees, ...rest, accesses];
    return { kind: 2, fields, unsigned: fields };
  }
  const price = rlpNumber(wei(fee.gasPrice));
  if (accesses.length > 0) {
    const fields = [chain, first, price, ...rest, accesses];
    return { kind: 1, fields, unsigned: fields };
  }
  const fields = [first, price, ...rest];
  return { kind: 0, fields, unsigned: [...fields, chain, Buffer.alloc(0), Buffer.alloc(0)] };
}

function typed(kind: number, fields: readonly Rlp[]): Buffer {
  const encoded = encodeRlp(fields);
  return kind === 0 ? encoded : Buffer.concat([Buffer.from([kind]), encoded]);
}

function amountsOf(fee: EvmFee): Readonly<Record<string, string>> {
  if (fee.kind === 'gas_price') return { gas_price: fee.gasPrice };
  return { 'dynamic_fee.max_fee': fee.maxFee, 'dynamic_fee.max_priority_fee': fee.maxPriorityFee };
}

function wei(amount: string): bigint {
  return amount === '' ? 0n : BigInt(amount);
}

function bytesOf(address: string): Buffer {
  return Buffer.from(address.slice(2), 'hex');
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
