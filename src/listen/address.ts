import { resolve } from 'node:path';
import { UserError } from '../errors.ts';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string; /** permission bits, such as 0o660 */ readonly mode: number };

/** Linux keeps 108 bytes for the path of a socket, its end mark included (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Reads where to listen: `host:port`, `[::1]:9191`, `:9191` (every address of the machine),
 * `unix:/path` or `unix:///path`.
 * @param flag the flag or variable that says it, for the message
 * @param socketMode permission bits of a Unix socket
 * @throws UserError (exit code 2) if the text is none of these
 */
export function parseListenAddress(text: string, flag: string, socketMode = 0o660): ListenAddress {
  const fail = (why: string): never => {
    throw new UserError(
      `${flag} ${JSON.stringify(text)}: ${why}; expected host:port, [ipv6]:port, :port or unix:/path`,
      2,
    );
  };
  if (text.startsWith('unix:')) {
    const rest = text.slice('unix:'.length);
    const path = rest.startsWith('//') ? rest.slice(2) : rest;
    if (path === '' || path.endsWith('/')) return fail('the path of the socket is missing');
    if (rest.startsWith('//') && !path.startsWith('/')) return fail('unix:// needs an absolute path (three slashes)');
    if (path.includes('\0')) return fail('the path of the socket has a NUL byte');
    const absolute = resolve(path);
    if (Buffer.byteLength(absolute) > MAX_SOCKET_PATH_BYTES) {
      return fail(`the path of the socket is longer than ${MAX_SOCKET_PATH_BYTES} bytes`);
    }
    return { kind: 'unix', path: absolute, mode: socketMode };
  }
  const match = /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?<name>[^:[\]/\s]*)):(?<port>\d{1,5})$/.exec(text);
  if (match?.groups === undefined) {
    return fail(
      /^[\dA-Fa-f:.]*:[\dA-Fa-f:.]*:/.test(text) ? 'an IPv6 address needs square brackets' : 'it has no host and port',
    );
  }
  const port = Number(match.groups['port']);
  if (port > 65_535) return fail('a port is at most 65535');
  return { kind: 'tcp', host: match.groups['ipv6'] ?? match.groups['name'] ?? '', port };
}

/** As {@link parseListenAddress} reads it. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** True if only processes of this machine can connect. An empty host means every address. */
export function isLocal(address: ListenAddress): boolean {
  return address.kind === 'unix' || isLoopbackHost(address.host);
}

/** @param host a name or an IP address, without brackets */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
