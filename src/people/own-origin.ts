import { isIP } from 'node:net';
import { isLoopbackHost } from '../listen/address.ts';

/** Which pages are ours. */
export interface OwnOrigin {
  /** Whether a page of this origin is ours, as asked by the name `host` (RFC 6454; RFC 9110, 7.2). */
  isOwn(this: void, origin: string, host: string | undefined): boolean;
  /** Whether somebody may call us by this name: undefined, or why not. */
  problemOfHost(this: void, host: string | undefined): string | undefined;
  /** Where browsers reach us. @param host as this one has called us */
  urlOf(this: void, host: string | undefined): string;
}

export interface OwnOriginOptions {
  /** `--public-url`. */
  readonly publicUrl: string | undefined;
  readonly isTls: boolean;
  /** On a TCP port of loopback: there, a name that is not ours may be somebody's who points it at us (DNS rebinding). */
  readonly isLoopback: boolean;
}

/** Without a public URL, our origin is what the browser has called: the name in `host`, which no page can choose. */
export function ownOrigin({ publicUrl, isTls, isLoopback }: OwnOriginOptions): OwnOrigin {
  const url = publicUrl === undefined ? undefined : new URL(publicUrl);
  const urlOf = (host: string | undefined): string =>
    url?.origin ?? `${isTls ? 'https' : 'http'}://${(host ?? '').toLowerCase()}`;
  return {
    urlOf,
    isOwn: (origin, host) => (url !== undefined || host !== undefined) && origin === URL.parse(urlOf(host))?.origin,
    problemOfHost(host) {
      if (!isLoopback) return undefined;
      const name = nameOf(host);
      if (name !== undefined && (isLoopbackHost(name) || isIP(name) !== 0 || name === url?.hostname)) return undefined;
      return `the host name ${JSON.stringify(name ?? '')} is not of this machine: call it localhost, by its IP address, or as --public-url has it`;
    },
  };
}

/** Lower case, without port, brackets and trailing dot. */
function nameOf(authority: string | undefined): string | undefined {
  const match = /^(?:\[(?<ipv6>[\da-f:.]+)\]|(?<name>[\w.-]+?)\.?)(?::\d{1,5})?$/.exec(authority?.toLowerCase() ?? '');
  return match?.groups?.['ipv6'] ?? match?.groups?.['name'];
}
