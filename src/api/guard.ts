import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isLoopbackHost } from '../rpc/address.ts';
import type { ListenAddress } from '../rpc/rpc.ts';

/**
 * Keeps browsers away: a page from anywhere can make its reader's browser call a port on loopback.
 *
 * - An `Origin` says that a page asks. No page is served here, so none is answered.
 * - A name in `Host` that is not ours says that somebody points their name at our address (DNS rebinding).
 *   An IP address can't be rebound, and browsers can't reach a Unix socket.
 *
 * @param allowedHosts names by which the listener may be called beside its own and `localhost`
 * @returns undefined where the request may pass, else why not, with the remedy
 */
export function createGuard(
  address: ListenAddress,
  allowedHosts: readonly string[],
): (headers: IncomingHttpHeaders) => string | undefined {
  const names = new Set(allowedHosts.map((name) => name.toLowerCase()));
  if (address.kind === 'tcp' && address.host !== '') names.add(address.host.toLowerCase());
  return (headers) => {
    if (headers.origin !== undefined) return 'requests from web pages (with an Origin header) are refused';
    if (address.kind === 'unix') return undefined;
    const authority = headers[':authority'];
    const host = hostOf(typeof authority === 'string' ? authority : headers.host);
    if (host !== undefined && (isLoopbackHost(host) || isIP(host) !== 0 || names.has(host))) return undefined;
    return `the host name ${JSON.stringify(host ?? '')} is not one of this listener: call it by its IP address or localhost, or name it with --api-host`;
  };
}

/** Lower case, without port, brackets and trailing dot. */
function hostOf(authority: string | undefined): string | undefined {
  const match = /^(?:\[(?<ipv6>[\da-f:.]+)\]|(?<name>[\w.-]+?)\.?)(?::\d{1,5})?$/.exec(authority?.toLowerCase() ?? '');
  return match?.groups?.['ipv6'] ?? match?.groups?.['name'];
}
