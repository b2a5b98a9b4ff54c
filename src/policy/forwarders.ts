import type { PrincipalIndex } from '../contract/principal.ts';
import { forwardedUris } from '../request/forwarded-client-cert.ts';
import type { Request } from './policy.ts';

/** `x-forwarded-client-cert`. */
export const XFCC = 'x-forwarded-client-cert';

export type ForwardingProblem = 'missing' | 'untrusted';

/**
 * Says why this header can't be trusted: each trusted proxy must be named, since any workload of the mesh could send
 * the header itself.
 */
export function forwardingProblem(
  { check, trustedHops }: Request,
  trusted: PrincipalIndex<true>,
): { readonly problem: ForwardingProblem; readonly detail: string } | undefined {
  const uris = forwardedUris(check, trustedHops);
  if (uris === undefined) {
    const detail = `${XFCC} has no element for a caller before ${trustedHops} trusted proxies`;
    return { problem: 'missing', detail };
  }
  if (check.sourcePrincipal !== '' && uris.at(-1) !== check.sourcePrincipal) {
    const detail = `the last element of ${XFCC} is not of the peer: Envoy forwards what callers made up`;
    return { problem: 'untrusted', detail };
  }
  if (!uris.slice(1).every((proxy) => proxy !== undefined && trusted.find(proxy) === true)) {
    return { problem: 'untrusted', detail: `a proxy that ${XFCC} came through is none of forwarders` };
  }
  return undefined;
}
