import { UserError } from '../errors.ts';
import type { Limits } from '../http2/limits.ts';
import { parseListenAddress } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';
import type { TlsFiles } from '../listen/tls.ts';
import type { ServeFlags } from './serve-flags.ts';
import type { DrainTimes } from './server.ts';

/** @throws UserError (exit 2) */
export function addressesOf(flags: ServeFlags): Record<'listen' | 'adminListen' | 'apiListen', ListenAddress> {
  const mode = modeOf(flags.listenMode, '--listen-mode');
  return {
    listen: parseListenAddress(flags.listen, '--listen', mode),
    adminListen: parseListenAddress(flags.adminListen, '--admin-listen', mode),
    apiListen: parseListenAddress(flags.apiListen, '--api-listen', modeOf(flags.apiListenMode, '--api-listen-mode')),
  };
}

/** @throws UserError (exit 2) */
export function modeOf(octal: string, flag: string): number {
  if (/^0?[0-7]{3}$/.test(octal)) return Number.parseInt(octal, 8);
  throw new UserError(`${flag} is ${JSON.stringify(octal)}: expected octal permission bits, such as 0660`, 2);
}

/**
 * What the connections of one process may use.
 * @throws UserError (exit 2)
 */
export function limitsOf({ maxBufferedBytes, maxMessageBytes }: ServeFlags): Partial<Limits> {
  if (maxBufferedBytes < maxMessageBytes * 4) {
    throw new UserError(
      '--max-buffered-bytes is less than four times --max-message-bytes: such messages could not arrive',
      2,
    );
  }
  // At most half of it goes to one connection, which needs room for a message and other waiting octets.
  const maxBufferedRequestBytes = Math.max(16 * 1024 * 1024, maxMessageBytes * 2);
  return { totalBufferedBytes: maxBufferedBytes, maxBufferedRequestBytes };
}

/** Undefined: plain text. */
export function tlsFilesOf({ tlsCert, tlsKey, tlsClientCa }: ServeFlags): TlsFiles | undefined {
  if (tlsCert === undefined && tlsKey === undefined) {
    if (tlsClientCa !== undefined) throw new UserError('--tls-client-ca needs --tls-cert and --tls-key', 2);
    return undefined;
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UserError('--tls-cert and --tls-key are given together or not at all', 2);
  }
  return { certificate: tlsCert, key: tlsKey, clientAuthorities: tlsClientCa };
}

/** @throws UserError (exit 2) if the drain would end before Envoy notices it */
export function drainTimesOf({ drainDelay, drain }: ServeFlags): DrainTimes {
  if (drain > drainDelay) return { drainDelayMs: drainDelay, drainMs: drain };
  throw new UserError(
    `--drain (${drain / 1000}s) must be longer than --drain-delay (${drainDelay / 1000}s): the delay is a part of it, and calls in flight need the rest`,
    2,
  );
}
