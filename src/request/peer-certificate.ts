import { hash } from 'node:crypto';
import type { Check } from './check.ts';

const CERTIFICATE = /^-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;

/**
 * SHA-256 of the certificate of the connection's peer, in lower-case hex; undefined if Envoy does not send the
 * certificate.
 */
export function peerCertificateHash({ sourceCertificate }: Check): string | undefined {
  if (sourceCertificate === '') return undefined;
  let pem: string;
  try {
    pem = decodeURIComponent(sourceCertificate);
  } catch {
    return undefined;
  }
  const body = CERTIFICATE.exec(pem)?.[1];
  return body === undefined ? undefined : hash('sha256', Buffer.from(body, 'base64'));
}
