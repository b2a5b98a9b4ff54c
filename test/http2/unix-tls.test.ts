import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ListenOptions } from '../../src/grpc/rpc.ts';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { scratchFolder } from '../real/scratch.ts';
import { hanging } from './hanging.ts';
import { echo, serve } from './serving.ts';
import { hangingOverTls } from './tls-client.ts';

const authority = createAuthority();
const { certificate, key } = authority.issue('server');
const tls: ListenOptions['tls'] = {
  certificate: contents(certificate),
  key: contents(key),
  clientAuthorities: undefined,
};

describe('TLS on a Unix socket', () => {
  const path = (): string => join(scratchFolder('tls'), 's');

  it('gives up a client that begins no handshake', async () => {
    const address = { kind: 'unix', path: path(), mode: 0o600 } as const;
    await serve([echo], { handshakeTimeoutMs: 300 }, { tls, address });
    const silent = connect(address.path);
    silent.on('error', () => {});
    await once(silent, 'close');
    expect(silent.bytesRead).toBe(0);
  });

  it('is drained within about a second though a handshake is under way, calls being left to end', async () => {
    const address = { kind: 'unix', path: path(), mode: 0o600 } as const;
    const { listener } = await serve([hanging()], {}, { tls, address });
    const silent = connect(address.path);
    silent.on('error', () => {});
    await once(silent, 'connect');
    const gone = once(silent, 'close');
    const began = performance.now();
    // Longer than the test may take.
    const drained = listener.drain(60_000);
    await gone;
    await drained;
    expect(performance.now() - began).toBeGreaterThan(500);
  }, 15_000);

  it('does not cut connections with the handshakes', async () => {
    const address = { kind: 'unix', path: path(), mode: 0o600 } as const;
    const { listener } = await serve([hanging()], {}, { tls, address });
    const client = await hangingOverTls({ path: address.path }, contents(authority.certificate));
    const began = performance.now();
    await listener.drain(2500);
    expect(performance.now() - began).toBeGreaterThan(2200);
    client.close();
  }, 15_000);
});
