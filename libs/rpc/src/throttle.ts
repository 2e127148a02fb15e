import { isIPv6 } from 'node:net';
import type { Counter } from '@opentelemetry/api';
import type { PublicError } from '@ramet/errors';
import type { Caller } from './call.js';
import type { Rule } from './contract.js';
import type { Endpoint } from './endpoint.js';
import { Limiter } from './limiter.js';
import type { Clock } from './ports.js';
import type { Rate } from './token-bucket.js';

/** How many calls of whom are let in. Health is never refused. */
export interface ThrottlePolicy {
  /** What each user, each execution and each address without a token may do. */
  readonly callers: Rate;
  /** What each service of the mesh may do. All it wants if this is absent. */
  readonly services?: Rate;
  /** What a call costs, by its path. Others cost 1, or 2 if they change something. */
  readonly costs?: ReadonlyMap<string, number>;
  /** How many callers of a kind are kept in mind. */
  readonly maxCallers?: number;
}

/**
 * Who makes a call, as far as that was proven. Who shows a bad token has proven nothing, or no more
 * than the service of their certificate. Their address is charged where the id is empty.
 */
export interface Charged {
  readonly kind: Caller['kind'] | 'unproven';
  readonly id: string;
}

/** What a call costs is known by. */
export type Priced = Pick<Endpoint, 'path' | 'labels' | 'rule'>;

/** Charges a call to who makes it. Answers with the error if it is one too many. */
export type Throttle = (
  charged: Charged,
  endpoint: Priced,
  peer: () => string,
) => { readonly error: PublicError; readonly isNews: boolean } | undefined;

/** The settings that a policy is made of. */
interface RateSettings {
  readonly rateLimit?: number;
  readonly rateBurst?: number;
}

/** The policy of a service from its settings: none if the limit is 0 or absent. */
export function throttlePolicy(
  { rateLimit = 0, rateBurst = 0 }: RateSettings,
  costs?: ReadonlyMap<string, number>,
): ThrottlePolicy | undefined {
  if (rateLimit === 0) return undefined;
  return { callers: { perSecond: rateLimit, burst: rateBurst }, ...(costs && { costs }) };
}

/**
 * Makes the function that holds each owner to the rate of one caller, however many people, programs
 * or addresses act for it. It throws RATE_LIMITED, and holds nobody if there is no limit.
 */
export function ownerCharge(
  settings: RateSettings,
  clock: Pick<Clock, 'elapsed'>,
): (ownerId: string) => void {
  const policy = throttlePolicy(settings);
  if (!policy) return () => undefined;
  const limiter = new Limiter({ rate: policy.callers, clock });
  return (ownerId) => limiter.charge(ownerId);
}

const READ_COST = 1;
const WRITE_COST = 2;

/**
 * Makes the throttle of a server. Kinds of callers do not share memory: strangers without number
 * never crowd out who is known.
 */
export function createThrottle(
  { callers, services, costs, maxCallers }: ThrottlePolicy,
  { clock, refusals }: { readonly clock: Clock; readonly refusals: Counter },
): Throttle {
  const limiterFor = (rate: Rate): Limiter =>
    new Limiter({ rate, clock, ...(maxCallers !== undefined && { maxKeys: maxCallers }) });
  const limiters = {
    user: limiterFor(callers),
    workload: limiterFor(callers),
    anonymous: limiterFor(callers),
    unproven: limiterFor(callers),
    service: services && limiterFor(services),
  };
  return ({ kind, id }, { path, labels, rule }, peer) => {
    const limiter = limiters[kind];
    if (!limiter || !rule) return undefined;

    const key = `${kind}:${id === '' ? peerKey(peer()) : id}`;
    const refusal = limiter.tryCharge(key, costs?.get(path) ?? costOf(rule));
    if (!refusal) return undefined;
    refusals.add(1, { ...labels, 'ramet.caller_kind': kind });
    return { error: limiter.refused(key, refusal), isNews: refusal.isNews };
  };
}

function costOf({ audit }: Rule): number {
  return audit === 'write' ? WRITE_COST : READ_COST;
}

/**
 * What the callers of one place have in common: the address without its port. Of IPv6 the first
 * half, since the other half is everybody's own to choose. All of a unix socket are one.
 */
export function peerKey(peer: string): string {
  const address = hostOf(peer);
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const given = head === '' ? [] : head.split(':');
  const groups = tail === undefined ? given : padded(given, tail);
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** The address of a peer without its port: of IPv4 as such, also where it is mapped into IPv6. */
export function hostOf(peer: string): string {
  const address = peer.replace(/:\d+$/, '');
  return /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1] ?? address;
}

/** The groups of an address whose zeros in the middle were left out. */
function padded(head: readonly string[], tail: string): readonly string[] {
  const last = tail === '' ? [] : tail.split(':');
  return [...head, ...Array.from({ length: 8 - head.length - last.length }, () => '0'), ...last];
}
