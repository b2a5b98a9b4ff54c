import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/http2/error-code.ts';
import { http2Acceptor } from '../../src/http2/transport.ts';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { hanging } from './hanging.ts';
import { data, headers, message, RawHttp2Client } from './raw-client.ts';
import { echo, serve } from './serving.ts';
import { hangingOverTls } from './tls-client.ts';

describe('a drain', () => {
  it('tells a connection that arrives during it to go, at once', async () => {
    const method = hanging();
    const acceptor = http2Acceptor(
      { methods: [method], tls: undefined, maxMessageBytes: 1000 },
      { now: () => performance.now() },
    );
    const server = createServer((socket) => acceptor.accept(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, method.path), data(1, message(Buffer.alloc(1))));
    await expect.poll(() => method.running).toBe(1);
    const drained = acceptor.drain(3000);
    const late = await RawHttp2Client.open(port);
    expect(await late.goawayCode()).toBe(ErrorCode.noError);
    server.close();
    client.close();
    late.close();
    await drained;
  });

  it('waits about a second for TLS handshakes, and goes on with connections', { timeout: 15_000 }, async () => {
    const authority = createAuthority();
    const { certificate, key } = authority.issue('server');
    const tls = { certificate: contents(certificate), key: contents(key), clientAuthorities: undefined };
    const { port, listener } = await serve([echo], {}, { tls });
    const silent = connect(port, '127.0.0.1');
    silent.on('error', () => {});
    await once(silent, 'connect');
    const gone = once(silent, 'close');
    const begin = performance.now();
    // Longer than the test may take.
    const drained = listener.drain(60_000);
    await gone;
    await drained;
    expect(performance.now() - begin).toBeGreaterThan(500);
  });

  it('does not cut connections over TLS with the handshakes', { timeout: 15_000 }, async () => {
    const authority = createAuthority();
    const { certificate, key } = authority.issue('server');
    const tls = { certificate: contents(certificate), key: contents(key), clientAuthorities: undefined };
    const { port, listener } = await serve([hanging()], {}, { tls });
    const client = await hangingOverTls({ port, host: '127.0.0.1' }, contents(authority.certificate));
    const begin = performance.now();
    await listener.drain(2500);
    expect(performance.now() - begin).toBeGreaterThan(2200);
    client.close();
  });
});
