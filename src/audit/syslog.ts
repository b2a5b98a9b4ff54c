import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { UserError } from '../errors.ts';
import { framed } from './syslog-message.ts';

/** Where syslog is sent. */
export type SyslogPlace =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp' | 'tls';
      readonly host: string;
      readonly port: number;
      /** PEM; undefined: those of the system. */
      readonly authorities?: string | undefined;
    };

const FORMS = 'expected tls://host:6514, tcp://host:port or unix:/path';
const TLS_PORT = 6514;
const CONNECT_MS = 10_000;
const WRITE_MS = 30_000;

/** @throws UserError (exit 2) */
export function parseSyslogPlace(flag: string, text: string, authorities?: string): SyslogPlace {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (!path.startsWith('/')) throw new UserError(`${flag} ${text}: the path must begin with a slash: ${FORMS}`, 2);
    return { kind: 'unix', path };
  }
  const url = URL.parse(text);
  const kind = url?.protocol === 'tls:' ? 'tls' : url?.protocol === 'tcp:' ? 'tcp' : undefined;
  const isPlain = url !== null && url.username + url.password + url.search + url.hash + url.pathname === '';
  if (url === null || kind === undefined || !isPlain || url.hostname === '') {
    throw new UserError(`${flag} ${text}: ${FORMS}`, 2);
  }
  const port = Number(url.port || (kind === 'tls' ? TLS_PORT : 0));
  if (port === 0) throw new UserError(`${flag} ${text}: the port is missing: ${FORMS}`, 2);
  return { kind, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, authorities };
}

/**
 * Sends messages of syslog over one connection, which is opened again after it has failed. Syslog answers nothing: what was
 * written just before a connection ends may be lost, and whoever sends begins again a little earlier.
 */
export class SyslogSender {
  readonly #place: SyslogPlace;
  #socket: Socket | undefined;

  constructor(place: SyslogPlace) {
    this.#place = place;
  }

  /** Whether the connection of the last messages still stands. */
  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** Resolves when the system has taken all of it. @throws (rejects) where it can't be sent; in a sentence */
  async send(messages: readonly string[]): Promise<void> {
    const socket = (this.#socket ??= await this.#connect());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => socket.destroy(new Error('it takes nothing')), WRITE_MS);
    const closed = (): void => reject(new Error('it has ended the connection'));
    socket.once('close', closed);
    socket.write(Buffer.concat(messages.map(framed)), (error) => (error ? reject(error) : resolve()));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      socket.off('close', closed);
    }
  }

  close(): void {
    this.#socket?.end();
    this.#socket = undefined;
  }

  async #connect(): Promise<Socket> {
    const place = this.#place;
    const signal = AbortSignal.timeout(CONNECT_MS);
    const socket =
      place.kind === 'unix'
        ? connect({ path: place.path })
        : place.kind === 'tcp'
          ? connect({ host: place.host, port: place.port, keepAlive: true })
          : connectSecurely({
              host: place.host,
              port: place.port,
              servername: /^[\d.]+$|:/.test(place.host) ? '' : place.host,
              minVersion: 'TLSv1.2',
              ...(place.authorities !== undefined && { ca: place.authorities }),
            });
    try {
      await once(socket, place.kind === 'tls' ? 'secureConnect' : 'connect', { signal });
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      throw signal.aborted ? new Error(`it has not answered within ${CONNECT_MS / 1000} s`, { cause: error }) : error;
    }
    // What it says is nothing that we know, and must not pile up.
    socket.resume();
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    return socket;
  }
}
