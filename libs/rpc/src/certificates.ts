import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { metrics, type ObservableCallback } from '@opentelemetry/api';
import type { Clock, Logger } from './ports.js';
import { watchFolders } from './watch-folders.js';

/** Where a certificate lies, its private key, and whom to believe. All as PEM. */
export interface CertificateFiles {
  /** The certificate, and those between it and the authority. */
  readonly certificate: string;
  readonly key: string;
  /** The authorities that others must be proven by. */
  readonly authority?: string | undefined;
}

/** What the files hold, as it was found good. */
export interface Material {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authority: Buffer | undefined;
  /** The certificate itself. */
  readonly leaf: X509Certificate;
}

/** A certificate that is replaced while it is in use. */
export interface Certificates extends Disposable {
  readonly current: Material;
  /** Calls back whenever another one has taken its place, until the returned function is called. */
  onChange(listener: (material: Material) => void): () => void;
}

/** What watching over files needs. */
export interface CertificatePorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a certificate is for. */
export interface Purpose {
  /** Names it in the log and in the metrics. */
  readonly use: 'mesh' | 'public';
  /** Throws unless a certificate is the one that is wanted here. */
  check?(leaf: X509Certificate): void;
}

/** How often files are read again whose change nobody has told of. */
const READ_MS = 30_000;
const WARN_SHARE = 0.25;

/**
 * Opens a certificate in files, and takes in what replaces it there.
 *
 * Throws if it is not good. Later, what is not good is not taken: it may be half written.
 */
export function openCertificates(
  files: CertificateFiles,
  purpose: Purpose,
  ports: CertificatePorts,
): Certificates {
  return new WatchedCertificates(files, purpose, ports);
}

class WatchedCertificates implements Certificates {
  readonly #files: CertificateFiles;
  readonly #ports: CertificatePorts;
  readonly #purpose: Purpose;
  readonly #listeners = new Set<(material: Material) => void>();
  readonly #unwatch: () => void;
  readonly #unobserve: () => void;
  #current: Material;
  #cancelTimer: () => void = () => undefined;
  /** What was last said of, so that it is said once. */
  #told = '';

  constructor(files: CertificateFiles, purpose: Purpose, ports: CertificatePorts) {
    this.#files = files;
    this.#ports = ports;
    this.#purpose = purpose;
    this.#current = this.#read();
    this.#tell('info', 'a certificate was taken in');
    const paths = [files.certificate, files.key, files.authority];
    this.#unwatch = watchFolders(
      paths.filter((path) => path !== undefined),
      () => this.#readAgain(),
    );
    this.#unobserve = this.#observe();
    this.#readLater();
  }

  get current(): Material {
    return this.#current;
  }

  onChange(listener: (material: Material) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
    this.#unwatch();
    this.#unobserve();
    this.#listeners.clear();
  }

  #observe(): () => void {
    const gauge = metrics
      .getMeter('@ramet/rpc')
      .createObservableGauge('tls_certificate_left_seconds', {
        description: 'How long the certificate in use is good yet, by what it is for.',
      });
    const observe: ObservableCallback = (result) => {
      const leftMs = endOf(this.#current.leaf).getTime() - this.#ports.clock.now().getTime();
      result.observe(leftMs / 1_000, { use: this.#purpose.use });
    };
    gauge.addCallback(observe);
    return () => gauge.removeCallback(observe);
  }

  #readLater(): void {
    this.#cancelTimer = this.#ports.clock.after(READ_MS, () => {
      this.#readAgain();
      this.#warn();
      this.#readLater();
    });
  }

  #readAgain(): void {
    try {
      const next = this.#read();
      if (isSame(next, this.#current)) return;
      this.#current = next;
      this.#tell('info', 'a certificate was taken in');
    } catch (thrown) {
      const error = (thrown as Error).message;
      this.#tell('warn', 'a certificate was not taken in', { error });
      return;
    }
    for (const listener of this.#listeners) listener(this.#current);
  }

  #read(): Material {
    const { certificate, key, authority } = this.#files;
    const read = {
      certificate: readFileSync(certificate),
      key: readFileSync(key),
      authority: authority === undefined ? undefined : readFileSync(authority),
    };
    const leaf = new X509Certificate(read.certificate);
    if (read.authority) assertAuthority(new X509Certificate(read.authority));
    if (!leaf.checkPrivateKey(createPrivateKey(read.key))) {
      throw new Error(`the key in ${key} is not that of the certificate in ${certificate}`);
    }
    if (endOf(leaf) <= this.#ports.clock.now()) {
      throw new Error(`the certificate in ${certificate} has expired: ${leaf.validTo}`);
    }
    this.#purpose.check?.(leaf);
    return { ...read, leaf };
  }

  #warn(): void {
    const { leaf } = this.#current;
    const end = endOf(leaf).getTime();
    const life = end - new Date(leaf.validFrom).getTime();
    if (end - this.#ports.clock.now().getTime() > life * WARN_SHARE) return;
    this.#tell('error', 'a certificate ends soon, and nothing has replaced it');
  }

  #tell(level: 'info' | 'warn' | 'error', message: string, more: object = {}): void {
    const { leaf } = this.#current;
    const told = JSON.stringify([message, leaf.serialNumber, more]);
    if (told === this.#told) return;
    this.#told = told;
    const { use } = this.#purpose;
    const about = { use, names: leaf.subjectAltName, ends: endOf(leaf).toISOString() };
    this.#ports.logger[level](message, { ...about, ...more });
  }
}

function endOf(leaf: X509Certificate): Date {
  return new Date(leaf.validTo);
}

function assertAuthority(certificate: X509Certificate): void {
  if (!certificate.ca) throw new Error(`${certificate.subject} is no authority`);
}

function isSame(one: Material, other: Material): boolean {
  return (
    one.certificate.equals(other.certificate) &&
    one.key.equals(other.key) &&
    Buffer.compare(one.authority ?? Buffer.alloc(0), other.authority ?? Buffer.alloc(0)) === 0
  );
}
