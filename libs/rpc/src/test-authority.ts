import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type Subject } from '@ramet/pki';
import { type MeshIdentity, openMeshIdentity } from './mesh-identity.js';
import type { Clock, Logger } from './ports.js';
import { machineClock } from './ports.js';

/** The mesh of the tests. */
export const DOMAIN = 'example.org';

/** An authority of a test's own, with a folder for what it issues. */
export interface TestAuthority extends Disposable {
  /** Its own certificate. */
  readonly certificate: Buffer;
  /** Issues a certificate for 127.0.0.1 and a service, into the files that it has had before. */
  issue(service: string, subject?: Partial<Subject>): Promise<TestFiles>;
  /** Issues one and opens it. */
  open(service: string, opening?: Opening): Promise<MeshIdentity>;
}

/** Where a certificate was put. */
export interface TestFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

interface Opening extends Partial<Subject> {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const HOUR_MS = 60 * 60_000;
const QUIET: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Makes an authority. What it issues is good for an hour from now, unless asked otherwise. */
export async function makeTestAuthority(): Promise<TestAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-rpc-'));
  const authority = await createAuthority('test', { notBefore: new Date(), lifeMs: HOUR_MS });
  const trusted = join(folder, 'authority.pem');
  writeFileSync(trusted, authority.certificate);

  const issue: TestAuthority['issue'] = async (service, subject = {}) => {
    const issued = await authority.issue({
      uri: `spiffe://${DOMAIN}/svc/${service}`,
      addresses: ['127.0.0.1'],
      notBefore: new Date(),
      lifeMs: HOUR_MS,
      ...subject,
    });
    const files = {
      certificate: join(folder, `${service}.pem`),
      key: join(folder, `${service}-key.pem`),
      authority: trusted,
    };
    writeFileSync(files.key, issued.key);
    writeFileSync(files.certificate, issued.certificate);
    return files;
  };
  return {
    certificate: Buffer.from(authority.certificate),
    issue,
    async open(name, { clock = machineClock, logger = QUIET, ...subject } = {}) {
      const files = await issue(name, subject);
      return openMeshIdentity(files, { name, trustDomain: DOMAIN }, { clock, logger });
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
