import { type ChannelOptions, Client } from '@grpc/grpc-js';
import { securityOf } from './channel-security.js';
import type { Contract } from './contract.js';
import { isLocal } from './local.js';
import type { MeshIdentity } from './mesh-identity.js';
import { methodsOf } from './method.js';

/** The authorities that a server must be proven by to a user. */
export interface Trust {
  readonly authority: Buffer;
}

/** Another service, called with this one's own certificate. */
export interface PeerTls {
  readonly identity: MeshIdentity;
  /** The name of the service that has to answer. */
  readonly service: string;
}

/** How a client keeps what it sends to itself and its server. */
export type ClientTls = Trust | PeerTls;

interface ChannelNeeds {
  readonly tls: ClientTls | undefined;
  readonly contract: Contract | undefined;
}

/** Opens the channel to a service: it connects on the first call. Throws as `connect` does. */
export function openChannel(
  service: object,
  address: string,
  { tls, contract }: ChannelNeeds,
): Client {
  // No address is nobody's: calls to it fail by themselves.
  if (!tls && address !== '' && !staysHere(address)) {
    throw new Error(`plaintext is for loopback only: calling ${address} needs certificates`);
  }
  const { channelCredentials, targetName } = securityOf(hostOf(address), tls);
  return new Client(address, channelCredentials, {
    ...CHANNEL_OPTIONS,
    ...(targetName !== undefined && { 'grpc.ssl_target_name_override': targetName }),
    'grpc.service_config': JSON.stringify(serviceConfig(service, contract)),
  });
}

/** Tells whether what is sent to an address stays on this machine: it may be plaintext. */
export function staysHere(address: string): boolean {
  return isLocal(hostOf(address));
}

/** The host of an address, without its port. Sockets and bare hosts have none. */
function hostOf(address: string): string {
  return address.startsWith('unix:') ? address : address.replace(/:\d+$/, '');
}

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  // Less than repeated calls wait for in all: whoever was away is found again by one call.
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.service_config_disable_resolution': 1,
  // A shared connection passes its back-off on to clients that are made long after.
  'grpc.use_local_subchannel_pool': 1,
  // A proxy of the environment is not asked about the machines of the mesh.
  'grpc.enable_http_proxy': 0,
};

const RETRY_POLICY = {
  maxAttempts: 4,
  initialBackoff: '0.1s',
  maxBackoff: '1s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
} as const;

/**
 * Repeats what may be repeated, with jitter, and no more once most calls fail.
 *
 * Streams of requests are not: what was sent is gone from its source. Neither is a call that was
 * refused for its caller's rate: repeating is what that is about.
 */
function serviceConfig(service: object, contract: Contract | undefined): object {
  const repeatable = methodsOf(service)
    .filter(([, { path, requestStream }]) => {
      return !requestStream && contract?.rules.get(path)?.idempotent;
    })
    .map(([, { path }]) => {
      const [, service, method] = path.split('/');
      return { service, method };
    });
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    ...(repeatable.length > 0 && {
      methodConfig: [{ name: repeatable, retryPolicy: RETRY_POLICY }],
      retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
    }),
  };
}
