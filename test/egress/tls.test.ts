import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { createEgress } from '../../src/egress/egress.ts';
import { egressRules } from '../../src/egress/rules.ts';
import { egressTransport } from '../../src/egress/transport.ts';
import type { TlsMaterial } from '../../src/egress/transport.ts';
import { makeCertificates } from '../real/certificates.ts';
import type { Certificates } from '../real/certificates.ts';

let certificates: Certificates;
let server: Server;
let port = 0;
beforeAll(async () => {
  certificates = await makeCertificates();
  const tls = { cert: certificates.text('server.crt'), key: certificates.text('server.key') };
  server = createServer({ ...tls, ca: certificates.text('ca.crt'), requestCert: true, rejectUnauthorized: false });
  server.on('request', (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    response.end(String(subject?.CN ?? 'nobody'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
});

const rules = egressRules(['redis.test']);
const egress = createEgress({
  rules,
  timers: systemTimers,
  transport: egressTransport({
    variables: {},
    rules,
    // The name in the certificates of tests.
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    timers: systemTimers,
  }),
});

async function call(tls?: TlsMaterial): Promise<string> {
  try {
    return (await egress.call({ url: `https://redis.test:${port}/`, tls, timeoutMs: 5000, maxBytes: 100 })).text;
  } catch (error) {
    return `${(error as { outcome: string }).outcome}: ${(error as Error).message}`;
  }
}

describe('a call over TLS', () => {
  test('trusts the authorities of the system, and no other', async () => {
    expect(await call()).toMatch(/^unreachable: .*\((UNABLE|SELF|DEPTH|CERT)/);
  });

  test('or those that it is given, for itself alone', async () => {
    expect(await call({ authorities: certificates.text('ca.crt') })).toBe('nobody');
    expect(await call()).toMatch(/^unreachable/);
  });

  test('and presents a certificate, on connections that no other call uses', async () => {
    const authorities = certificates.text('ca.crt');
    const own = { authorities, certificate: certificates.text('client.crt'), key: certificates.text('client.key') };
    expect(await call(own)).toBe('client');
    expect(await call({ authorities })).toBe('nobody');
    const renewed = { authorities, certificate: certificates.text('server.crt'), key: certificates.text('server.key') };
    expect(await call(renewed)).toBe('server');
    expect(await call(own)).toBe('client');
  });

  test('is not made with a key that does not fit its certificate', async () => {
    const wrong = { certificate: certificates.text('client.crt'), key: certificates.text('server.key') };
    expect(await call(wrong)).toMatch(/^unreachable: .*\(ERR_OSSL_X509_KEY_VALUES_MISMATCH\)/);
  });
});
