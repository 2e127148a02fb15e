import type { X509Certificate } from 'node:crypto';
import {
  type CertificateFiles,
  type CertificatePorts,
  type Certificates,
  openCertificates,
} from './certificates.js';
import type { PeerTls } from './channel.js';
import { isTrustDomain, serviceIn } from './spiffe.js';

/** What proves a service to the others of its mesh, and how it knows them. */
export interface MeshIdentity extends Certificates {
  readonly trustDomain: string;
  /** How to call another service, and be sure that it is that one. */
  to(service: string): PeerTls;
}

/** Who a service is, and in which mesh. */
export interface MeshMember {
  readonly name: string;
  readonly trustDomain: string;
}

/** Opens the identity of a service. Throws if the certificate is not good, or not this service's. */
export function openMeshIdentity(
  files: CertificateFiles & { readonly authority: string },
  { name, trustDomain }: MeshMember,
  ports: CertificatePorts,
): MeshIdentity {
  if (!isTrustDomain(trustDomain)) throw new Error(`no trust domain is called ${trustDomain}`);
  const check = ({ subjectAltName = '' }: X509Certificate): void => {
    if (serviceIn(subjectAltName, trustDomain) === name) return;
    const wanted = `spiffe://${trustDomain}/svc/${name}`;
    throw new Error(`the certificate in ${files.certificate} is not for ${wanted}`);
  };
  const certificates = openCertificates(files, { use: 'mesh', check }, ports);
  const identity: MeshIdentity = {
    trustDomain,
    to: (service) => ({ identity, service }),
    get current() {
      return certificates.current;
    },
    onChange: (listener) => certificates.onChange(listener),
    [Symbol.dispose]: () => certificates[Symbol.dispose](),
  };
  return identity;
}
