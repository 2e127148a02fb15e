import type { Algorithm } from './algorithm.js';
import type { Operation } from './grant.js';
import type { EvmTransaction } from './schemes/evm-transaction.js';

/** A request to a trading venue, before it is signed. */
export interface VenueRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
}

/** What is to be signed. */
export type Payload =
  | { readonly kind: 'raw'; readonly bytes: Buffer }
  | { readonly kind: 'prehashed'; readonly digest: Buffer }
  | { readonly kind: 'venue'; readonly request: VenueRequest }
  | { readonly kind: 'evm_transaction'; readonly transaction: EvmTransaction }
  | { readonly kind: 'evm_message'; readonly message: Buffer }
  | { readonly kind: 'evm_typed_data'; readonly json: string }
  | { readonly kind: 'solana_message'; readonly message: Buffer };

/** What a venue's request has become. */
export interface SignedVenueRequest {
  readonly query: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

/** An HTTP header. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** A transaction that is ready to be broadcast. */
export interface SignedEvmTransaction {
  readonly rawTransaction: Buffer;
  readonly hash: Buffer;
  /** The address of the key, with the checksum of EIP-55. */
  readonly sender: string;
}

/** What a scheme needs to know of the key. */
export interface SchemeKey {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly venue: string;
  readonly venueKeyId: string;
  /** As SubjectPublicKeyInfo. Empty for algorithms that have none. */
  readonly publicKey: Buffer;
  /**
   * Makes the text that the venue wants in its header for the passphrase; empty where it wants none.
   * To be called for a header alone: texts cannot be zeroed.
   */
  passphrase(): string;
  /** What the grant allows: a payload that looks like another operation's needs that one too. */
  readonly operations: readonly Operation[];
}

/** Bytes for `sign`, and how it is to take them and to write the signature. */
export interface ToSign {
  readonly bytes: Buffer;
  /** `algorithm`: what the algorithm does by itself. `none`: the bytes are a digest already. */
  readonly hash: 'algorithm' | 'none' | 'keccak256' | 'sha256';
  /** `compact`: r and s. `recoverable`: r, s and 0 or 1. `plain`: the algorithm's own form. */
  readonly encoding: 'plain' | 'der' | 'compact' | 'recoverable';
}

/** What came of a signature. */
export interface Signed {
  readonly signature: Buffer;
  readonly venue?: SignedVenueRequest;
  readonly evmTransaction?: SignedEvmTransaction;
}

/** What to sign, and what to make of the signature. */
export interface Draft {
  readonly toSign: ToSign;
  finish(signature: Buffer): Signed;
}

/** When a request was accepted, and the number that no other request of its key has. */
export interface Moment {
  readonly at: Date;
  /** Rises with every request of a key, on all replicas. Undefined unless the scheme needs it. */
  readonly nonce: bigint | undefined;
}

/** What a payload is about, as far as the limits of a grant are concerned with it. */
export interface SignFacts {
  readonly operation: Operation;
  readonly scheme: string;
  /** The size of the payload. */
  readonly bytes: number;
  readonly venue?: VenueFacts;
  readonly evm?: EvmFacts;
  readonly solana?: SolanaFacts;
}

/** What a request to a venue is about. */
export interface VenueFacts {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** What it trades, if it says so once; several are joined by commas. */
  readonly symbol?: string;
  /**
   * Of a request whose signature does not cover where it goes: whether it may be more than reading,
   * whatever its method, and a parameter that is not known to be for trading or reading. Empty where
   * it has none at all, and could be anything that has none.
   */
  readonly acts?: boolean;
  readonly unknown?: string;
}

/** What an Ethereum payload is about. */
export interface EvmFacts {
  readonly chainId?: bigint;
  /** In lower case. Empty: it creates a contract. */
  readonly to?: string;
  /** In wei: what it sends and, together with that, the most that it may pay for gas. */
  readonly value?: bigint;
  /** The first four bytes of the call, as 0x and hex in lower case. */
  readonly selector?: string;
  /** In lower case. */
  readonly verifyingContract?: string;
  readonly domainName?: string;
}

/** What a Solana message is about. */
export interface SolanaFacts {
  /** In base58, each once. */
  readonly programs: readonly string[];
}

/** A payload that fits its key: ready to be accepted, then drafted. */
export interface Signable {
  /** Names how it is signed: the venue, or the operation. */
  readonly scheme: string;
  readonly operation: Operation;
  readonly facts: SignFacts;
  /** Whether its draft needs a nonce. */
  readonly needsNonce: boolean;
  /** The same moment gives the same bytes. */
  draft(moment: Moment): Draft;
}
