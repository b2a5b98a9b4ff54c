import { PrincipalIndex } from '../contract/principal.ts';
import type { Denial } from '../denial/denial.ts';
import { forwardingProblem } from '../policy/forwarders.ts';
import type { Request } from '../policy/policy.ts';
import { forwardedHash } from '../request/forwarded-client-cert.ts';
import { peerCertificateHash } from '../request/peer-certificate.ts';
import type { Report } from './jwt-validation-fields.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

const OTHER = 'the token is bound to another certificate than that of the caller';

export function checksCertificate({ senderConstraint }: JwtValidationOptions): boolean {
  return senderConstraint === 'certificate' || senderConstraint === 'requireCertificate';
}

export function reportBinding(config: JwtValidationOptions, report: Report): void {
  const { senderCertificate, forwarders } = config;
  if (senderCertificate !== undefined && !checksCertificate(config)) {
    report('senderCertificate', 'has no effect without senderConstraint: certificate or requireCertificate');
  }
  if (senderCertificate === 'forwardedClientCert') {
    if (forwarders === undefined) {
      report('forwarders', 'is missing: forwardedClientCert needs the SPIFFE ids of the proxies whose word counts');
    }
  } else if (forwarders !== undefined) {
    report('forwarders', 'has no effect without senderCertificate: forwardedClientCert');
  }
}

/**
 * Checks that the request comes from the owner of the certificate that a token is bound to (RFC 8705, 3).
 * @param sha256 the hash of the certificate, in lower-case hex
 */
export type BindingCheck = (request: Request, sha256: string) => Denial | undefined;

export function bindingCheck({ senderCertificate, forwarders = [] }: JwtValidationOptions): BindingCheck {
  if (senderCertificate !== 'forwardedClientCert') {
    return ({ check }, sha256) => {
      const sent = peerCertificateHash(check);
      if (sent === undefined) return invalid('the token is bound to a certificate, and Envoy tells none of the peer');
      return sent === sha256 ? undefined : invalid(OTHER);
    };
  }
  const trusted = new PrincipalIndex<true>();
  for (const forwarder of forwarders) trusted.add(forwarder, true);
  return (request, sha256) => {
    const { check, trustedHops } = request;
    // The last element describes the peer itself, whose certificate Envoy has verified: no proxy's word is needed.
    if (trustedHops === 0) return invalid('the token is bound to a certificate, and --trusted-hops counts no proxy');
    if (check.sourcePrincipal === '') return invalid('the token is bound, and the peer has no mutual TLS');
    const refused = forwardingProblem(request, trusted);
    if (refused !== undefined) return invalid(`the token is bound to a certificate: ${refused.detail}`);
    return forwardedHash(check, trustedHops) === sha256 ? undefined : invalid(OTHER);
  };
}

function invalid(detail: string): Denial {
  return { reason: 'token_invalid', detail };
}
