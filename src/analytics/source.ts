import { forwardedPeer } from '../request/forwarded-client-cert.ts';
import type { Entry } from './entry.ts';

/** The SPIFFE standard's bound is 2048 bytes; nobody's ids are as long as this. */
const SPIFFE_ID = /^spiffe:\/\/[\u0021-\u007e]{1,503}$/;

/**
 * The SPIFFE id of the workload that called the Envoy that logs: by its certificate, else by the last element of
 * `x-forwarded-client-cert`, which is about the same peer where a proxy ahead ended its TLS. Empty: neither tells any.
 */
export function sourceOf(entry: Entry): string {
  const { peerUri } = entry;
  if (SPIFFE_ID.test(peerUri)) return peerUri;
  const { forwardedCert } = entry;
  const uri = forwardedCert === '' ? '' : (forwardedPeer(forwardedCert) ?? '');
  return SPIFFE_ID.test(uri) ? uri : '';
}
