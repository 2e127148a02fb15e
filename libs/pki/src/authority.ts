import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both as PEM. */
export interface Issued {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/** Who a certificate is for, and for how long. */
export interface Subject {
  /** What it proves: a SPIFFE id, such as `spiffe://example.org/svc/keys`. */
  readonly uri?: string;
  /** The names that clients may reach it by. */
  readonly hosts?: readonly string[];
  readonly addresses?: readonly string[];
  readonly notBefore: Date;
  readonly lifeMs: number;
}

/** Signs certificates. */
export interface Authority extends Issued {
  issue(subject: Subject): Promise<Issued>;
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
/** Clocks differ: a certificate is good from a little before it is made. */
const SKEW_MS = 5 * 60_000;
const SERIAL_BYTES = 16;

/** Makes an authority with a key of its own. */
export async function createAuthority(
  name: string,
  { notBefore, lifeMs }: Pick<Subject, 'notBefore' | 'lifeMs'>,
): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...lifeOf(notBefore, lifeMs),
    serialNumber: serial(),
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return openAuthority({
    certificate: textOf(certificate),
    key: await pemOf(keys.privateKey),
  });
}

/** Opens an authority that was made before. Throws if these are no certificate and key. */
export async function openAuthority({ certificate, key }: Issued): Promise<Authority> {
  const issuer = new x509.X509Certificate(certificate);
  const der = x509.PemConverter.decodeFirst(key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, KEYS, false, ['sign']);
  return {
    certificate,
    key,
    issue: (subject) => issue(issuer, signingKey, subject),
  };
}

async function issue(
  issuer: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  subject: Subject,
): Promise<Issued> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...lifeOf(subject.notBefore, subject.lifeMs),
    serialNumber: serial(),
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      // Critical, since the name that it goes by is empty (RFC 5280, 4.2.1.6).
      new x509.SubjectAlternativeNameExtension(namesOf(subject), true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: textOf(certificate), key: await pemOf(keys.privateKey) };
}

function namesOf({ uri, hosts = [], addresses = [] }: Subject): x509.JsonGeneralName[] {
  return [
    ...(uri === undefined ? [] : [{ type: 'url', value: uri } as const]),
    ...hosts.map((value) => ({ type: 'dns', value }) as const),
    ...addresses.map((value) => ({ type: 'ip', value }) as const),
  ];
}

function lifeOf(notBefore: Date, lifeMs: number) {
  return {
    notBefore: new Date(notBefore.getTime() - SKEW_MS),
    notAfter: new Date(notBefore.getTime() + lifeMs),
  };
}

function textOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

/** Random, so that no two of an authority meet; positive, as RFC 5280 wants it. */
function serial(): string {
  const bytes = webcrypto.getRandomValues(Buffer.alloc(SERIAL_BYTES));
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40);
  return bytes.toString('hex');
}
