import { readFileSync } from 'node:fs';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import type { Mesh } from '@ramet/local';
import { PEERS, type Peer } from './contract.js';

/** How somebody gets to a service. */
export interface Way {
  /** Tells it from other ways. */
  readonly name: string;
  open(): Opening;
}

/** What a client is opened with. */
export interface Opening {
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/** The way that whoever shows this token takes to the service at a public address. */
export type Ways = (address: string, token: string | undefined) => Way;

/** Everybody calls the public address, services included. */
const publicly: Ways = (address) => ({
  name: address,
  open: () => ({ address, credentials: credentials.createInsecure(), options: {} }),
});

/** The ways in a mesh: services call each other at a place of their own, by their certificates. */
export function waysIn(mesh: Mesh): Ways {
  return (address, token) => {
    const caller = PEERS.find((peer) => peer === serviceOf(token));
    const called = PEERS.find((peer) => mesh.endpoints[peer].address === address);
    if (!caller || !called) return publicly(address, token);
    return { name: `${address} by ${caller}`, open: () => byMesh(mesh, caller, called) };
  };
}

/** As a service calls another one, and whoever has its certificate. */
function byMesh({ certificates, endpoints }: Mesh, caller: Peer, called: Peer): Opening {
  const { certificate, key, authority } = certificates.filesOf(caller);
  const [ca, own, proof] = [readFileSync(authority), readFileSync(key), readFileSync(certificate)];
  return {
    address: endpoints[called].mesh,
    credentials: credentials.createSsl(ca, own, proof, { checkServerIdentity: () => undefined }),
    options: { 'grpc.ssl_target_name_override': called },
  };
}

/** The service that a token says it is of, whether that is true or not. */
function serviceOf(token = ''): unknown {
  try {
    const [, claims = ''] = token.split('.');
    const { kind, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    return kind === 'service' ? sub : undefined;
  } catch {
    return undefined;
  }
}
