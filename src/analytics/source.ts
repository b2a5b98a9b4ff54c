import { forwardedPeer } from '../request/forwarded-client-cert.ts';
import type { Entry } from './entry.ts';

/** The SPIFFE standard's limit is 2048 bytes; real ids are shorter than this. */
const SPIFFE_ID = /^spiffe:\/\/[\u0021-\u007e]{1,503}$/;

/**
 * Returns the SPIFFE id of the workload that called the Envoy which logged the entry: from its certificate, or from
 * the last element of `x-forwarded-client-cert`, which describes the same peer if a proxy before Envoy ended its TLS.
 * Empty: neither has one.
 */
export function sourceOf(entry: Entry): string {
  const { peerUri } = entry;
  if (peerUri !== '' && SPIFFE_ID.test(peerUri)) return peerUri;
  const { forwardedCert } = entry;
  if (forwardedCert === '') return '';
  const uri = forwardedPeer(forwardedCert) ?? '';
  return SPIFFE_ID.test(uri) ? uri : '';
}
