import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authority } from '@ramet/pki';
import type { Clock } from '@ramet/service';
import { type Layout, SERVICES, type ServiceName } from './layout.js';
import { privateFolder, writePrivate } from './secrets.js';

/** Where a service finds what it proves itself with. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** The certificates of a mesh's services, renewed until it is disposed of. */
export interface MeshCertificates extends Disposable {
  readonly trustDomain: string;
  filesOf(service: ServiceName): CertificateFiles;
  /** Makes all certificates anew. The services take them in by themselves. */
  renew(): Promise<void>;
}

interface Needs {
  readonly layout: Layout;
  readonly clock: Clock;
  /** Told when certificates could not be renewed. It is tried again. */
  onError(thrown: unknown): void;
}

const DAY_MS = 24 * 60 * 60_000;
const AUTHORITY_LIFE_MS = 3_650 * DAY_MS;
/** An authority that ends so soon is replaced at a start, when nobody believes in it yet. */
const AUTHORITY_LEFT_MS = 30 * DAY_MS;
const LIFE_MS = 60 * 60_000;
/** Asked of the wall clock: a machine that has slept renews at once. */
const LOOK_MS = 10_000;

/** Makes the certificates of the services, and an authority for them the first time. */
export async function startCertificates(needs: Needs): Promise<MeshCertificates> {
  const { layout, clock } = needs;
  const authority = await keptAuthority(layout, clock);
  const trustDomain = `${layout.id}.ramet.local`;
  const filesOf = (service: ServiceName): CertificateFiles => {
    const folder = join(layout.certificates, service);
    return {
      certificate: join(folder, 'cert.pem'),
      key: join(folder, 'key.pem'),
      authority: join(layout.certificates, 'ca.pem'),
    };
  };
  const renew = async (): Promise<void> => {
    for (const service of SERVICES) {
      const uri = `spiffe://${trustDomain}/svc/${service}`;
      await issueInto(filesOf(service), authority, { uri, notBefore: clock.now() });
    }
  };

  privateFolder(layout.certificates);
  for (const service of SERVICES) privateFolder(join(layout.certificates, service));
  writePrivate(join(layout.certificates, 'ca.pem'), authority.certificate);
  await renew();
  const stop = keepFresh(renew, needs);
  return { trustDomain, filesOf, renew, [Symbol.dispose]: stop };
}

/** Renews after half of the life of a certificate, time and again, until the returned function is called. */
function keepFresh(renew: () => Promise<void>, { clock, onError }: Needs): () => void {
  let renewedMs = clock.now().getTime();
  let cancel: () => void = () => undefined;
  const look = (): void => {
    const nowMs = clock.now().getTime();
    if (nowMs - renewedMs >= LIFE_MS / 2) {
      renewedMs = nowMs;
      renew().catch((thrown: unknown) => {
        renewedMs = 0;
        onError(thrown);
      });
    }
    cancel = clock.after(LOOK_MS, look);
  };
  cancel = clock.after(LOOK_MS, look);
  return () => cancel();
}

/** The key first: who reads in between finds that it does not fit, and reads again. */
async function issueInto(
  { certificate, key }: CertificateFiles,
  authority: Authority,
  { uri, notBefore }: { readonly uri: string; readonly notBefore: Date },
): Promise<void> {
  const issued = await authority.issue({ uri, notBefore, lifeMs: LIFE_MS });
  writePrivate(key, issued.key);
  writePrivate(certificate, issued.certificate);
}

async function keptAuthority({ authority: folder, id }: Layout, clock: Clock): Promise<Authority> {
  // Loaded here: the commands that start no mesh should not wait for it.
  const { createAuthority, openAuthority } = await import('@ramet/pki');
  const files = { certificate: join(folder, 'ca.pem'), key: join(folder, 'ca-key.pem') };
  const kept = read(files);
  const now = clock.now();
  if (kept && leftMs(kept.certificate, now) > AUTHORITY_LEFT_MS) return openAuthority(kept);

  const made = await createAuthority(`Ramet ${id}`, {
    notBefore: now,
    lifeMs: AUTHORITY_LIFE_MS,
  });
  privateFolder(folder);
  writePrivate(files.key, made.key);
  writePrivate(files.certificate, made.certificate);
  return made;
}

function read(files: { readonly certificate: string; readonly key: string }) {
  try {
    const [certificate, key] = [files.certificate, files.key].map((file) => {
      return readFileSync(file, 'utf8');
    });
    return certificate && key ? { certificate, key } : undefined;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return undefined;
  }
}

function leftMs(certificate: string, now: Date): number {
  return new Date(new X509Certificate(certificate).validTo).getTime() - now.getTime();
}
