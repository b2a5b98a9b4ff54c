import type { X509Certificate } from 'node:crypto';
import { uriNamesOf } from '../listen/uri-names.ts';
import type { ClientCertificate } from './rpc.ts';

interface VerifiedSocket {
  readonly authorized: boolean;
  getPeerX509Certificate(): X509Certificate | undefined;
}

/** @returns undefined: it has shown none, or one of others, or the connection has no TLS */
export function clientCertificateOf(socket: unknown): ClientCertificate | undefined {
  if (!isVerifying(socket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return {
    uris: uriNamesOf(certificate.raw),
    isAuthority: certificate.ca,
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
  };
}

function isVerifying(socket: unknown): socket is VerifiedSocket {
  return typeof socket === 'object' && socket !== null && 'authorized' in socket && 'getPeerX509Certificate' in socket;
}
