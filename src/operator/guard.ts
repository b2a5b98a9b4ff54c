import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isLocal, isLoopbackHost } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';

/**
 * Keeps browsers away: a page from anywhere can make its reader's browser call a port on loopback.
 *
 * - An `Origin` says that a page asks. No page is served here, so none is answered.
 * - On loopback a name in `Host` that is not ours says that somebody points their name at our address
 *   (DNS rebinding). An IP address can't be rebound. Elsewhere the token keeps strangers away, and browsers
 *   can't reach a Unix socket.
 *
 * @returns tells of a request's headers why they are refused; undefined if the request may pass
 */
export function createGuard(address: ListenAddress): (headers: IncomingHttpHeaders) => string | undefined {
  const checksHost = address.kind === 'tcp' && isLocal(address);
  return (headers) => {
    if (headers.origin !== undefined) return 'requests from web pages (with an Origin header) are refused';
    if (!checksHost) return undefined;
    const authority = headers[':authority'];
    const host = hostOf(typeof authority === 'string' ? authority : headers.host);
    if (host !== undefined && (isLoopbackHost(host) || isIP(host) !== 0)) return undefined;
    return `the host name ${JSON.stringify(host ?? '')} is not of this machine: call it localhost, or by its IP address`;
  };
}

/** Lower case, without port, brackets and trailing dot. */
function hostOf(authority: string | undefined): string | undefined {
  const match = /^(?:\[(?<ipv6>[\da-f:.]+)\]|(?<name>[\w.-]+?)\.?)(?::\d{1,5})?$/.exec(authority?.toLowerCase() ?? '');
  return match?.groups?.['ipv6'] ?? match?.groups?.['name'];
}
