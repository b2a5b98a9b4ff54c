import { isIP } from 'node:net';
import type { BlockList } from 'node:net';
import { isNetwork, networksOf } from '../request/client-address.ts';
import { classOf } from './address.ts';
import type { AddressClass } from './address.ts';

export const FORBIDDEN =
  'it leads to a link-local address, a metadata service or no host at all, which documents can never reach';
const LOOPBACK = 'it leads to loopback, which documents can reach only where --egress-allow names it';

/** Where URLs of documents may lead. What the operator's flags name, such as Redis or a proxy, is not restricted. */
export interface EgressRules {
  /**
   * Whether a URL may be called, as far as that shows before its name is resolved.
   * @returns a sentence that says why not, and the remedy where there is one
   */
  problemOf(url: URL): string | undefined;
  /**
   * The same for the address that a name has resolved to. Asked at every connection, since names can be re-pointed.
   * @param host as the URL has it
   */
  problemOfAddress(address: string, host: string, port: number): string | undefined;
}

/** One `--egress-allow`: a part of loopback that documents may reach. */
interface Allowed {
  readonly networks: BlockList | undefined;
  /** Lower case. */
  readonly host: string;
  /** Undefined: any port. */
  readonly port: number | undefined;
}

/** @param allow as {@link isEgressAllow} takes them */
export function egressRules(allow: readonly string[]): EgressRules {
  const allowed = allow.map(allowedOf);
  const problemOfAddress: EgressRules['problemOfAddress'] = (address, host, port) => {
    const kind = classOf(address);
    if (kind === 'other') return undefined;
    if (kind === 'forbidden') return FORBIDDEN;
    const bare = bareName(host);
    const isAllowed = allowed.some(
      (one) =>
        (one.port === undefined || one.port === port) &&
        (one.host === bare || one.networks?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') === true),
    );
    return isAllowed ? undefined : LOOPBACK;
  };
  return {
    problemOf(url) {
      const [host, port] = [bareName(url.hostname), portOf(url)];
      if (isIP(host) !== 0) return problemOfAddress(host, host, port);
      // `localhost` can be either address. The connection shows which one.
      return isLocalhost(host)
        ? problemOfAddress('127.0.0.1', host, port) && problemOfAddress('::1', host, port)
        : undefined;
    },
    problemOfAddress,
  };
}

/** How rules treat the host of a URL, if the URL itself shows that: undefined for every name but `localhost`. */
export function classOfUrl({ hostname }: URL): AddressClass | undefined {
  const host = bareName(hostname);
  if (isIP(host) !== 0) return classOf(host);
  return isLocalhost(host) ? 'loopback' : undefined;
}

/** RFC 6761, 6.3: these are loopback, whatever a resolver says. */
function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** Whether a text is a host, an address or a network that documents may be allowed to reach, with or without a port. */
export function isEgressAllow(text: string): boolean {
  const { host, port } = partsOf(text);
  if (port !== undefined && !(port >= 1 && port <= 65_535)) return false;
  if (isNetwork(host)) return classOf(host.replace(/\/.*$/, '')) !== 'forbidden' || /^(?:0\.0\.0\.0|::)\/0$/.test(host);
  return /^(?!\d+$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(host);
}

function allowedOf(text: string): Allowed {
  const { host, port } = partsOf(text);
  return { host, port, networks: isNetwork(host) ? networksOf([host]) : undefined };
}

/** `host`, `host:port`, `[::1]:port`; a bare IPv6 address has no port. */
function partsOf(text: string): { readonly host: string; readonly port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([^:]*)(?::(\d{1,5}))?$/.exec(text);
  const [, host = text, port] = bracketed ?? plain ?? [];
  return { host: bareName(host), port: port === undefined ? undefined : Number(port) };
}

/** Converts to lower case, without brackets and a final dot. */
function bareName(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

export function portOf({ protocol, port }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
