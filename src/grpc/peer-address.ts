/** `X-Forwarded-For` as Node gives it: several fields are a list. */
export type ForwardedFor = string | readonly string[] | undefined;
/** Who has called. @param forwardedFor of which only what trusted proxies have added is true */
export type AddressOf = (connection: unknown, forwardedFor: ForwardedFor) => string;

/**
 * The address of the peer of a connection, without a port and a zone; an IPv4 address inside an IPv6 one as IPv4.
 * @param connection a socket, or an object that has one; empty: it tells none, as a Unix socket's
 */
export function peerAddressOf(connection: unknown): string {
  const socket = isRecord(connection) && isRecord(connection['socket']) ? connection['socket'] : connection;
  const address = isRecord(socket) ? socket['remoteAddress'] : undefined;
  return typeof address === 'string' ? address.replace(/%.*$/s, '').replace(/^::ffff:(?=\d+\.)/i, '') : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
