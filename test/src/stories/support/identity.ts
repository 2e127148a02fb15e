import type { Mesh, ServiceName } from '@ramet/local';
import { type MeshIdentity, openMeshIdentity } from '@ramet/rpc';
import { systemClock } from '@ramet/service';

const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Opens the certificate of a service of a mesh, to call the others as it does. */
export function identityOf({ certificates }: Mesh, name: ServiceName): MeshIdentity {
  const { trustDomain } = certificates;
  const ports = { clock: systemClock, logger: QUIET };
  return openMeshIdentity(certificates.filesOf(name), { name, trustDomain }, ports);
}
