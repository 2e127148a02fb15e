import {
  type EvmLimits as EvmMessage,
  type GrantLimits,
  SignOperation,
  type VenueLimits as VenueMessage,
  type VenueRules as VenueRulesMessage,
} from '@ramet/proto-gen/keys.v1';
import type { Limits, Operation, Rate } from './domain/grant.js';
import type { EvmLimits, Rules, VenueLimits, VenueRules } from './domain/limits.js';

const OPERATION = {
  raw: SignOperation.RAW,
  venue: SignOperation.VENUE,
  prehashed: SignOperation.PREHASHED,
  evm_transaction: SignOperation.EVM_TRANSACTION,
  evm_message: SignOperation.EVM_MESSAGE,
  evm_typed_data: SignOperation.EVM_TYPED_DATA,
  solana_message: SignOperation.SOLANA_MESSAGE,
} as const satisfies Record<Operation, SignOperation>;

const OPERATION_OF = {
  [SignOperation.UNSPECIFIED]: [],
  [SignOperation.RAW]: ['raw'],
  [SignOperation.VENUE]: ['venue'],
  [SignOperation.PREHASHED]: ['prehashed'],
  [SignOperation.EVM_TRANSACTION]: ['evm_transaction'],
  [SignOperation.EVM_MESSAGE]: ['evm_message'],
  [SignOperation.EVM_TYPED_DATA]: ['evm_typed_data'],
  [SignOperation.SOLANA_MESSAGE]: ['solana_message'],
} as const satisfies Record<SignOperation, readonly Operation[]>;

/** The limits in a message: none if it is absent. */
export function limitsOf(message: GrantLimits | undefined): Limits {
  return {
    operations: (message?.operations ?? []).flatMap((operation) => OPERATION_OF[operation]),
    maxUses: message?.maxUses,
    expiresAt: message?.expireTime,
    rate: message?.rate && rateOf(message.rate),
    rules: message ? rulesOf(message) : {},
  };
}

/** The limits of a grant on the wire. */
export function toLimitsMessage({
  operations,
  maxUses,
  expiresAt,
  rate,
  rules: { maxPayloadBytes, venue, evm, solana },
}: Limits): GrantLimits {
  return {
    operations: operations.map((operation) => OPERATION[operation]),
    maxUses,
    expireTime: expiresAt,
    rate,
    maxPayloadBytes,
    venue,
    evm: evm && toEvmMessage(evm),
    solana,
  };
}

/** A burst that is not given is what a second may have, and one at least. */
function rateOf({ perSecond, burst }: Rate): Rate {
  return { perSecond, burst: burst || Math.max(1, Math.ceil(perSecond)) };
}

function rulesOf({ maxPayloadBytes, venue, evm, solana }: GrantLimits): Rules {
  return {
    ...(maxPayloadBytes !== undefined && { maxPayloadBytes }),
    ...(venue && { venue: venueOf(venue) }),
    ...(evm && { evm: evmOf(evm) }),
    ...(solana && { solana }),
  };
}

function venueOf({ allow, deny, allowWithdrawals }: VenueMessage): VenueLimits {
  return { allow: venueRulesOf(allow), deny: venueRulesOf(deny), allowWithdrawals };
}

function venueRulesOf(message: VenueRulesMessage | undefined): VenueRules {
  return message ?? { hosts: [], methods: [], paths: [], symbols: [] };
}

function evmOf({ chainIds, domains, ...rest }: EvmMessage): EvmLimits {
  return {
    ...rest,
    chainIds: chainIds.map(String),
    domains: domains.map(({ chainId, ...domain }) => {
      return { ...domain, chainId: chainId === 0n ? '' : String(chainId) };
    }),
  };
}

function toEvmMessage({ chainIds, domains, ...rest }: EvmLimits): EvmMessage {
  return {
    ...rest,
    chainIds: chainIds.map(BigInt),
    domains: domains.map(({ chainId, ...domain }) => ({ ...domain, chainId: BigInt(chainId) })),
  };
}
