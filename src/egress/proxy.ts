import { EgressFault } from './fault.ts';

/** Environment variables by name: the usual ones of proxies, in either case; the lower case wins. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, by its protocol.
 * @throws EgressFault where the variable names no HTTP proxy; without its value, which may hold a password
 */
export function proxyOf(variables: ProxyVariables, url: URL): URL | undefined {
  const name = variableFor(url);
  const given = valueOf(variables, name);
  if (given === undefined) return undefined;
  // Like curl, accepts a host and a port without a scheme.
  const proxy = URL.parse(given.includes('://') ? given : `http://${given}`);
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  throw new EgressFault('unreachable', `${name} names no proxy that can be used: expected http://host:port`);
}

/** The same, as Node's agents expect it. */
export function proxyEnvironment(variables: ProxyVariables, url: URL, proxy: URL): NodeJS.ProcessEnv {
  return { [variableFor(url)]: proxy.href, NO_PROXY: valueOf(variables, 'NO_PROXY') ?? '' };
}

/** Hosts that are never reached through a proxy. */
export function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function variableFor({ protocol }: URL): 'HTTPS_PROXY' | 'HTTP_PROXY' {
  return protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
}

function valueOf(variables: ProxyVariables, name: string): string | undefined {
  return variables[name.toLowerCase()] || variables[name] || undefined;
}
