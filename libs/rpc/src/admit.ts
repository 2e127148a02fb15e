import { PublicError } from '@ramet/errors';
import { requireBound } from './binding.js';
import type { Caller, CallMetadata } from './call.js';
import type { Rule } from './contract.js';
import { draining } from './endings.js';
import type { Endpoint, ServerState } from './endpoint.js';
import { assertProven, type Peer } from './peer.js';
import { permit } from './permissions.js';
import type { Charged } from './throttle.js';

/** A call that asks to be let in, and what it becomes known by on the way. */
export interface Entering {
  readonly endpoint: Endpoint;
  readonly metadata: CallMetadata;
  readonly peer: Peer;
  caller: Caller;
  /** As bytes until it is decoded. */
  request: unknown;
  /** Whether the log and the audit have been told of calls like this one. */
  isKnown: boolean;
  /** The address that it came from. */
  address(): string;
}

type Server = Pick<ServerState, 'authenticate' | 'draining' | 'throttle'>;

const UNPROVEN: Charged = { kind: 'unproven', id: '' };

/**
 * Lets the caller in and decodes the request, if it is there yet, or throws.
 *
 * Promises the request only if the caller is not known yet: most are, and promises cost.
 */
export function admit(call: Entering, server: Server, bytes: Buffer | undefined): unknown {
  const { rule, decode } = call.endpoint;
  if (server.draining) throw draining();
  if (!rule) return bytes && decode(bytes);
  call.request = bytes;

  const authenticated = authenticate(call, server);
  if (!(authenticated instanceof Promise))
    return letIn(call, server, { authenticated, rule, bytes });
  return authenticated.then(
    (caller) => letIn(call, server, { authenticated: caller, rule, bytes }),
    (thrown: unknown) => refuseUnproven(call, server, thrown),
  );
}

function authenticate(call: Entering, server: Server): Caller | Promise<Caller> {
  try {
    return server.authenticate(call.metadata);
  } catch (thrown) {
    return refuseUnproven(call, server, thrown);
  }
}

/** Charges those who show bad tokens too: to prove a token wrong is work, and so is to keep it. */
function refuseUnproven(call: Entering, server: Server, thrown: unknown): never {
  if (thrown instanceof PublicError && thrown.code === 'unauthenticated') {
    charge(call, server, UNPROVEN);
  }
  throw thrown;
}

function charge(call: Entering, { throttle }: Server, { kind, id }: Charged): void {
  const charged = { kind, id: id === '' ? certifiedOf(call.peer) : id };
  const refused = throttle?.(charged, call.endpoint, () => call.address());
  if (!refused) return;
  call.isKnown = !refused.isNews;
  throw refused.error;
}

/** Services that share an address do not share a rate: each has a certificate. */
function certifiedOf(peer: Peer): string {
  return peer.via === 'mesh' ? peer.service : '';
}

interface Shown {
  readonly authenticated: Caller;
  readonly rule: Rule;
  readonly bytes: Buffer | undefined;
}

function letIn(call: Entering, server: Server, { authenticated, rule, bytes }: Shown): unknown {
  // Also of who comes by the wrong way: a token in wrong hands is to be known by its name.
  call.caller = authenticated;
  requirePeer(call, server);
  charge(call, server, authenticated);
  permit(rule, authenticated);
  call.request = bytes && call.endpoint.decode(bytes);
  if (call.endpoint.secret) bytes?.fill(0);
  if (authenticated.binding) requireBound(authenticated.binding, call.request);
  return call.request;
}

function requirePeer(call: Entering, server: Server): void {
  try {
    assertProven(call.caller, call.peer);
  } catch (thrown) {
    refuseUnproven(call, server, thrown);
  }
}
