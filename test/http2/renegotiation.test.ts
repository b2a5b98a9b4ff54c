import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { echo, serve } from './serving.ts';

describe('a client over TLS 1.2', () => {
  it('may not negotiate anew', async () => {
    const authority = createAuthority();
    const { certificate, key } = authority.issue('server');
    const tls = { certificate: contents(certificate), key: contents(key), clientAuthorities: undefined };
    const { port } = await serve([echo], {}, { tls });
    const ca = contents(authority.certificate);
    const options = { ca, ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined } as const;
    const socket = connectTls({ port, host: '127.0.0.1', ...options });
    await once(socket, 'secureConnect');
    socket.on('error', () => {});
    const renewed = Promise.withResolvers<string>();
    socket.renegotiate({}, (error) => {
      if (error === null) renewed.resolve('negotiated anew');
    });
    expect(await Promise.race([sleep(500, 'not'), renewed.promise])).toBe('not');
    socket.destroy();
  });
});
