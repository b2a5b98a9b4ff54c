import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { ListenAddress } from '../../src/listen/address.ts';
import type { TlsMaterial } from '../../src/listen/tls.ts';
import { contents, createAuthority } from './certificates.ts';
import { RawClient, statusOf } from './client.ts';
import { listeners, text, unary } from './fixture.ts';
import { transports } from './transports.ts';

const authority = createAuthority();
const stranger = createAuthority('stranger');
const server = authority.issue('server');
const renewed = authority.issue('renewed');
const tls = (files: { certificate: string; key: string }, clientAuthorities?: string): TlsMaterial => ({
  certificate: contents(files.certificate),
  key: contents(files.key),
  clientAuthorities: clientAuthorities === undefined ? undefined : contents(clientAuthorities),
});
const echo = unary((request) => request);

async function handshake(address: ListenAddress, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { port } = address as { port: number };
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    ca: contents(authority.certificate),
    ALPNProtocols: ['h2'],
    ...options,
  });
  await once(socket, 'secureConnect');
  return socket;
}

describe.each(transports)('TLS on $name', ({ transport }) => {
  const serve = listeners(transport);
  const clients: RawClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  const secureClient = (address: ListenAddress, own?: { certificate: string; key: string }): RawClient => {
    const client = new RawClient(
      address,
      own === undefined
        ? credentials.createSsl(contents(authority.certificate))
        : credentials.createSsl(contents(authority.certificate), contents(own.key), contents(own.certificate)),
    );
    clients.push(client);
    return client;
  };

  it('serves a client that trusts the authority', async () => {
    const { listener } = await serve([echo], { tls: tls(server) });
    expect((await secureClient(listener.address).unary('/test.Test/Unary', text('secret'))).toString()).toBe('secret');
  });

  it('speaks h2 by ALPN, on TLS 1.2 and 1.3 and nothing older', async () => {
    const { listener } = await serve([echo], { tls: tls(server) });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake(listener.address, { minVersion: version, maxVersion: version });
      expect([socket.alpnProtocol, socket.getProtocol()]).toEqual(['h2', version]);
      socket.destroy();
    }
    const old = handshake(listener.address, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    await expect(old).rejects.toThrow();
  });

  it('refuses a client without TLS', async () => {
    const { client } = await serve([echo], { tls: tls(server) });
    expect((await statusOf(client.unary('/test.Test/Unary', text(''), { timeoutMs: 1000 }))).code).toBeGreaterThan(0);
  });

  it('asks a client for its certificate where authorities are given, and takes only one they signed', async () => {
    const { listener } = await serve([echo], { tls: tls(server, authority.certificate) });
    const known = secureClient(listener.address, authority.issue('client'));
    expect((await known.unary('/test.Test/Unary', text('known'))).toString()).toBe('known');
    for (const unknown of [secureClient(listener.address), secureClient(listener.address, stranger.issue('client'))]) {
      expect((await statusOf(unknown.unary('/test.Test/Unary', text(''), { timeoutMs: 1000 }))).code).toBeGreaterThan(
        0,
      );
    }
  });

  it('shows a replaced certificate to new connections and keeps the old ones', async () => {
    const { listener } = await serve([echo], { tls: tls(server) });
    const before = secureClient(listener.address);
    await before.unary('/test.Test/Unary');
    listener.updateTls(tls(renewed));
    const socket = await handshake(listener.address);
    expect(socket.getPeerCertificate().subject.CN).toBe('renewed');
    socket.destroy();
    expect((await before.unary('/test.Test/Unary', text('still'))).toString()).toBe('still');
  });

  it('trusts the replaced client authorities alone, resumed sessions included', async () => {
    const { listener } = await serve([echo], { tls: tls(server, authority.certificate) });
    const own = authority.issue('leaver');
    const certificate = { cert: contents(own.certificate), key: contents(own.key) };
    const first = await handshake(listener.address, { ...certificate, maxVersion: 'TLSv1.2' });
    const session = first.getSession();
    first.destroy();
    listener.updateTls(tls(server, stranger.certificate));
    await expect(
      handshake(listener.address, { ...certificate, session: session!, maxVersion: 'TLSv1.2' }),
    ).rejects.toThrow();
    const client = secureClient(listener.address, own);
    expect((await statusOf(client.unary('/test.Test/Unary', text(''), { timeoutMs: 1000 }))).code).toBeGreaterThan(0);
  });

  it('outlives a caller that leaves in the middle of the handshake', async () => {
    const { listener } = await serve([echo], { tls: tls(server) });
    const { connect } = await import('node:net');
    const socket = connect((listener.address as { port: number }).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(Buffer.from('160301', 'hex'));
    socket.resetAndDestroy();
    expect((await secureClient(listener.address).unary('/test.Test/Unary', text('on'))).toString()).toBe('on');
  });
});
