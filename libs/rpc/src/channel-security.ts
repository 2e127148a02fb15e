import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type ChannelCredentials, credentials, experimental } from '@grpc/grpc-js';
import type { Material } from './certificates.js';
import type { ClientTls, PeerTls, Trust } from './channel.js';
import { serviceIn } from './spiffe.js';

/** How a channel is made safe. */
export interface ChannelSecurity {
  readonly channelCredentials: ChannelCredentials;
  /** What to call the server in the handshake, if not by the host of its address. */
  readonly targetName?: string;
}

/** Makes a channel to a host as safe as it is to be. */
export function securityOf(host: string, tls: ClientTls | undefined): ChannelSecurity {
  if (!tls) return { channelCredentials: credentials.createInsecure() };
  return 'identity' in tls ? ofPeer(tls) : ofUser(host, tls);
}

/** A server is known by its host. An address is no name to ask for (RFC 6066, section 3). */
function ofUser(host: string, { authority }: Trust): ChannelSecurity {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return { channelCredentials: credentials.createSsl(authority) };
  const check = (_: string, certificate: PeerCertificate) => {
    return checkServerIdentity(address, certificate);
  };
  return {
    channelCredentials: credentials.createSsl(authority, null, null, {
      checkServerIdentity: check,
    }),
    targetName: 'localhost',
  };
}

/** A service is known by its name in the mesh, wherever it is. */
function ofPeer({ identity, service }: PeerTls): ChannelSecurity {
  const check = (_: string, { subjectaltname = '' }: PeerCertificate): Error | undefined => {
    if (serviceIn(subjectaltname, identity.trustDomain) === service) return undefined;
    return new Error(`the server is not ${service}: ${subjectaltname}`);
  };
  const source = new CertificateSource(identity);
  return {
    channelCredentials: experimental.createCertificateProviderChannelCredentials(source, source, {
      checkServerIdentity: check,
    }),
    targetName: service,
  };
}

type CaListener = Parameters<experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<
  experimental.CertificateProvider['addIdentityCertificateListener']
>[0];

/**
 * Tells grpc-js of certificates, and of those that replace them. It asks when it connects.
 *
 * The provider that comes with grpc-js takes whatever it reads, half of a change included.
 */
class CertificateSource implements experimental.CertificateProvider {
  readonly #identity: PeerTls['identity'];
  readonly #forget = new Map<object, () => void>();

  constructor(identity: PeerTls['identity']) {
    this.#identity = identity;
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#follow(listener, ({ authority }) => {
      listener(authority ? { caCertificate: authority } : null);
    });
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#leave(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#follow(listener, ({ certificate, key }) => listener({ certificate, privateKey: key }));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#leave(listener);
  }

  #follow(listener: object, tell: (material: Material) => void): void {
    this.#forget.set(listener, this.#identity.onChange(tell));
    tell(this.#identity.current);
  }

  #leave(listener: object): void {
    this.#forget.get(listener)?.();
    this.#forget.delete(listener);
  }
}
