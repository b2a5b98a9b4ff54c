import { z } from 'zod';
import { PrincipalIndex, isSpiffeId } from '../contract/principal.ts';
import type { DenialOf } from '../denial/denial.ts';
import { contractOf } from '../policy/client-credentials.ts';
import { clientHeaderNames, clientHeaders } from '../policy/client-headers.ts';
import { XFCC, forwardingProblem } from '../policy/forwarders.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Outcome, Request } from '../policy/policy.ts';
import { principalOption } from '../policy/principal-option.ts';
import { forwardedUri } from '../request/forwarded-client-cert.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    workload_rejected: { readonly cause: WorkloadRejection };
  }
  type WorkloadRejection =
    | 'principal_missing'
    | 'principal_malformed'
    | 'forwarder_untrusted'
    | 'principal_unknown'
    | ClientRejection;
}

const options = z
  .strictObject({
    principalFrom: z
      .enum(['peer', 'forwardedClientCert'])
      .default('peer')
      .describe('peer: the certificate of the connection to Envoy; forwardedClientCert: x-forwarded-client-cert'),
    forwarders: z
      .array(principalOption)
      .min(1)
      .max(100)
      .optional()
      .describe(
        'SPIFFE ids or patterns of the proxies that --trusted-hops counts; only what these forward is believed',
      ),
    upstreamHeaders: clientHeaderNames.prefault({}).describe('Headers that tell the upstream who calls'),
  })
  .superRefine(({ principalFrom: from, forwarders }, context) => {
    if (from === 'forwardedClientCert' || forwarders === undefined) return;
    const message = 'has no effect with principalFrom: peer; remove it, or take the principal from forwardedClientCert';
    context.addIssue({ code: 'custom', path: ['forwarders'], message });
  });

/** Only workloads of client applications with an approved contract may pass (`docs/policies/workload-identity.md`). */
export default definePolicy({
  name: 'workload-identity',
  phase: 'access',
  summary: 'Admits workloads that mutual TLS names as those of a client application with an approved contract',
  options,
  reasons: {
    workload_rejected: {
      // There is no HTTP scheme for certificates, so a 401 could name none (RFC 9110, 15.5.2).
      httpStatus: 403,
      sentence: 'The calling workload has no access to this API.',
      meaning: 'mutual TLS names no workload, or none whose client application has an approved contract with the API',
    },
  },
  create({ principalFrom: from, forwarders, upstreamHeaders }) {
    const told = clientHeaders(upstreamHeaders);
    const trusted = new PrincipalIndex<true>();
    for (const forwarder of forwarders ?? []) trusted.add(forwarder, true);
    const isPeer = from === 'peer';
    const principalOf = isPeer ? peer : (request: Request) => forwarded(request, trusted);
    return {
      phase: 'access',
      identityHeaders: told.names,
      clientHeaders: told.names,
      provides: ['client'],
      authenticates: {
        credential: isPeer ? 'certificate of the peer' : XFCC,
        isPresent: ({ check }) => (isPeer ? check.sourcePrincipal !== '' : check.header(XFCC) !== undefined),
        challenge: '',
        // It stays: it describes the proxy's own connection, which upstreams may need in any case.
        headers: [],
      },
      decide(request): Outcome {
        const principal = principalOf(request);
        if (typeof principal !== 'string') return principal;
        if (!isSpiffeId(principal))
          return rejected('principal_malformed', 'the certificate has no SPIFFE id for its URI');
        const client = request.directory.workload(principal);
        if (client === undefined) {
          return rejected('principal_unknown', `no client application has the workload ${principal.slice(0, 256)}`);
        }
        const found = contractOf(request, client, '');
        if (found.reason === 'client_rejected') return rejected(found.cause, found.detail);
        if (found.reason !== undefined) return found;
        const { contract } = found;
        return { identity: { client, contract }, upstream: told.of(client, contract) };
      },
    };
  },
});

type Found = string | DenialOf<'workload_rejected'>;

function peer({ check }: Request): Found {
  if (check.sourcePrincipal !== '') return check.sourcePrincipal;
  return rejected(
    'principal_missing',
    "the connection to Envoy has no mutual TLS, or the caller's certificate no name",
  );
}

function forwarded(request: Request, trusted: PrincipalIndex<true>): Found {
  const refused = forwardingProblem(request, trusted);
  if (refused !== undefined) {
    return rejected(refused.problem === 'missing' ? 'principal_missing' : 'forwarder_untrusted', refused.detail);
  }
  const caller = forwardedUri(request.check, request.trustedHops);
  return caller ?? rejected('principal_malformed', `the caller's element of ${XFCC} names no URI, or several`);
}

function rejected(cause: DenialOf<'workload_rejected'>['cause'], detail: string): DenialOf<'workload_rejected'> {
  return { reason: 'workload_rejected', cause, detail };
}
