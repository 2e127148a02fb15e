import { PublicError } from '@ramet/errors';
import type { EvmFacts, SignFacts, SolanaFacts, VenueFacts } from './scheme.js';
import { isDangerous, startsWith } from './venue-paths.js';

/** What a grant lets through, beside its operations. Absent where nothing limits it. */
export interface Rules {
  readonly maxPayloadBytes?: number;
  readonly venue?: VenueLimits;
  readonly evm?: EvmLimits;
  readonly solana?: SolanaLimits;
}

/** Which requests to a venue. */
export interface VenueLimits {
  readonly allow: VenueRules;
  readonly deny: VenueRules;
  readonly allowWithdrawals: boolean;
}

/** What requests are told apart by. A path is a beginning. */
export interface VenueRules {
  readonly hosts: readonly string[];
  readonly methods: readonly string[];
  readonly paths: readonly string[];
  readonly symbols: readonly string[];
}

/** Which payloads for Ethereum. Numbers are decimal, so that they can be kept as JSON. */
export interface EvmLimits {
  readonly chainIds: readonly string[];
  readonly receivers: readonly string[];
  readonly contracts: readonly ContractRule[];
  readonly domains: readonly DomainRule[];
  /** Empty: any. */
  readonly maxValue: string;
}

export interface ContractRule {
  readonly address: string;
  readonly selectors: readonly string[];
}

/** A domain of typed data. What is empty fits any. */
export interface DomainRule {
  readonly name: string;
  readonly verifyingContract: string;
  readonly chainId: string;
}

export interface SolanaLimits {
  readonly programs: readonly string[];
}

/** What a payload is refused for. */
export type Limit =
  | 'max_payload_bytes'
  | 'withdrawals'
  | 'hosts'
  | 'methods'
  | 'paths'
  | 'symbols'
  | 'parameters'
  | 'chain_ids'
  | 'receivers'
  | 'contracts'
  | 'domains'
  | 'max_value'
  | 'programs';

/** The limit that a payload exceeds, or undefined if it is within all of them. */
export function exceeded(rules: Rules, facts: SignFacts): Limit | undefined {
  if (rules.maxPayloadBytes !== undefined && facts.bytes > rules.maxPayloadBytes) {
    return 'max_payload_bytes';
  }
  if (facts.venue) return exceededVenue(rules.venue, facts.venue, facts.scheme);
  if (facts.evm && rules.evm) return exceededEvm(rules.evm, facts.evm, facts.operation);
  if (facts.solana && rules.solana) return exceededSolana(rules.solana, facts.solana);
  return undefined;
}

/** What is denied is denied, whatever is allowed. */
function exceededVenue(
  limits: VenueLimits | undefined,
  facts: VenueFacts,
  venue: string,
): Limit | undefined {
  const isDanger = isDangerous(venue, facts.path);
  if (isDanger && !limits?.allowWithdrawals) return 'withdrawals';
  if (!isDanger && facts.unknown !== undefined && isTold(limits)) return 'parameters';
  if (!limits) return undefined;
  return deniedBy(limits.deny, facts) ?? notAllowedBy(limits.allow, facts);
}

/** Whether it matters what a request is about whose signature is good for other paths as well. */
function isTold(limits: VenueLimits | undefined): boolean {
  if (!limits?.allowWithdrawals) return true;
  return limits.allow.symbols.length > 0 || limits.deny.symbols.length > 0;
}

function deniedBy(deny: VenueRules, facts: VenueFacts): Limit | undefined {
  const symbols = symbolsOf(facts);
  if (deny.hosts.length > 0 && isHostDenied(deny.hosts, facts.host)) return 'hosts';
  if (deny.methods.includes(facts.method)) return 'methods';
  // A venue may read a path in any case: what is denied is so in all of them.
  const path = facts.path.toLowerCase();
  if (deny.paths.some((rule) => startsWith(path, rule.toLowerCase()))) return 'paths';
  if (deny.symbols.some((rule) => symbols.includes(rule.toUpperCase()))) return 'symbols';
  return undefined;
}

/** A request that does not say where it goes may go to where it must not. */
function isHostDenied(denied: readonly string[], host: string): boolean {
  return host === '' || denied.some((each) => bareHost(each) === bareHost(host));
}

/** A host without the port that it has anyway. */
function bareHost(host: string): string {
  return host.replace(/:443$/, '');
}

function notAllowedBy(allow: VenueRules, facts: VenueFacts): Limit | undefined {
  if (!fits(allow.hosts, (host) => bareHost(host) === bareHost(facts.host))) return 'hosts';
  if (!fits(allow.methods, (method) => method === facts.method)) return 'methods';
  if (!fits(allow.paths, (rule) => startsWith(facts.path, rule))) return 'paths';
  return areAllowed(allow.symbols, facts) ? undefined : 'symbols';
}

/** Whoever names no symbol may only read: nobody knows what the request is about. */
function areAllowed(allowed: readonly string[], facts: VenueFacts): boolean {
  if (allowed.length === 0) return true;
  const symbols = symbolsOf(facts);
  if (symbols.length === 0) return facts.method === 'GET' && !facts.acts;
  const known = new Set(allowed.map((rule) => rule.toUpperCase()));
  return symbols.every((symbol) => known.has(symbol));
}

/** Venues do not tell upper case from lower. */
function symbolsOf({ symbol }: VenueFacts): readonly string[] {
  return symbol === undefined ? [] : symbol.toUpperCase().split(',');
}

function exceededEvm(
  limits: EvmLimits,
  facts: EvmFacts,
  operation: SignFacts['operation'],
): Limit | undefined {
  if (!fits(limits.chainIds, (id) => id === facts.chainId?.toString())) return 'chain_ids';
  // A message may be an order, a log-in, or the approval of a wallet's transaction: nobody can tell.
  if (operation === 'evm_message') return namesReceivers(limits) ? 'receivers' : undefined;
  if (operation === 'evm_typed_data') return isDomainAllowed(limits, facts) ? undefined : 'domains';
  if (limits.maxValue !== '' && (facts.value ?? 0n) > BigInt(limits.maxValue)) return 'max_value';
  return exceededReceiver(limits, facts);
}

/** Typed data can move tokens as well: where receivers are named, only named domains are signed. */
function isDomainAllowed(limits: EvmLimits, facts: EvmFacts): boolean {
  const { domains } = limits;
  if (domains.length === 0) return !namesReceivers(limits);
  return domains.some(
    ({ name, verifyingContract, chainId }) =>
      (name === '' || name === facts.domainName) &&
      (verifyingContract === '' || isSame(verifyingContract, facts.verifyingContract)) &&
      (chainId === '' || chainId === facts.chainId?.toString()),
  );
}

function exceededReceiver(limits: EvmLimits, { to, selector }: EvmFacts): Limit | undefined {
  if (!namesReceivers(limits)) return undefined;
  if (selector === undefined) {
    return limits.receivers.some((receiver) => isSame(receiver, to)) ? undefined : 'receivers';
  }
  const isCallable = limits.contracts.some(
    ({ address, selectors }) =>
      isSame(address, to) && fits(selectors, (rule) => isSame(rule, selector)),
  );
  return isCallable ? undefined : 'contracts';
}

function namesReceivers({ receivers, contracts }: EvmLimits): boolean {
  return receivers.length > 0 || contracts.length > 0;
}

function exceededSolana({ programs }: SolanaLimits, facts: SolanaFacts): Limit | undefined {
  return facts.programs.every((program) => programs.includes(program)) ? undefined : 'programs';
}

/** Whether one of the rules fits, or there is none. */
function fits<Rule>(rules: readonly Rule[], isFit: (rule: Rule) => boolean): boolean {
  return rules.length === 0 || rules.some(isFit);
}

function isSame(hex: string, other: string | undefined): boolean {
  return hex.toLowerCase() === other?.toLowerCase();
}

/** Throws LIMIT_EXCEEDED for a payload that a grant does not let through. */
export function requireWithin(rules: Rules, facts: SignFacts, grantId: string): void {
  const limit = exceeded(rules, facts);
  if (!limit) return;
  const message = messageOf(limit, facts.venue?.unknown);
  throw new PublicError('permission_denied', 'LIMIT_EXCEEDED', message, {
    metadata: { grant_id: grantId, limit },
  });
}

function messageOf(limit: Limit, unknown: string | undefined): string {
  switch (limit) {
    case 'withdrawals':
      return 'the grant does not allow withdrawals, transfers, loans, conversions and the management of API keys';
    case 'parameters':
      return `the venue signs no paths, and this could be a withdrawal elsewhere: ${problemOf(unknown)}`;
    default:
      return `the grant does not let this through: ${limit}`;
  }
}

/** What is odd about parameters. A name from JSON may be anything: only plain ones are told. */
function problemOf(unknown = ''): string {
  if (unknown === '') return 'it has no parameters of its own';
  const isPlain = /^[\w.\-[\]]{1,64}$/.test(unknown);
  return isPlain ? `${unknown} is not a known parameter` : 'it has a parameter that is not known';
}
