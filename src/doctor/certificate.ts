import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Place } from './finding.ts';

/** A certificate that somebody presents. */
export interface SeenCertificate {
  readonly place: Place;
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Names, one of which it must have; absent: any will do. */
  readonly expectedNames?: readonly string[];
  readonly names: readonly string[];
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates in a PEM text. @returns undefined: there is none, or one that can't be read */
export function certificatesIn(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(BLOCK);
  if (blocks === null) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

export function namesOf(certificate: X509Certificate): readonly string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.map((each) => each.replace(/^(?:DNS|URI|IP Address):/, ''));
}

/** Whether a chain ends at one of the authorities. */
export function isSignedBy(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  return chain.every((certificate, at) => {
    const issuers = at + 1 < chain.length ? [...chain.slice(at + 1), ...authorities] : authorities;
    const isRoot = authorities.some((each) => each.fingerprint256 === certificate.fingerprint256);
    return isRoot || issuers.some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  });
}

export function fitsKey(certificate: X509Certificate, keyPem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

/** Whether a certificate with such names is for this host; wildcards stand for one label. */
export function hasName(names: readonly string[], host: string): boolean {
  const wanted = host.toLowerCase();
  return names.some((name) => {
    const given = name.toLowerCase();
    return given === wanted || (given.startsWith('*.') && wanted.slice(wanted.indexOf('.')) === given.slice(1));
  });
}
