import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { credentials, documentsFolder } from '../e2e/documents.ts';
import { send } from '../e2e/request.ts';
import { shop } from '../e2e/shop.ts';
import { makeCertificates } from '../real/certificates.ts';
import type { Certificates } from '../real/certificates.ts';
import { startEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { generate } from './generated.ts';

const parts = [await partOrSkip('envoy'), await partOrSkip('openssl')];

describe.skipIf(parts.includes(undefined))('a real Envoy that asks over TLS', () => {
  let certificates: Certificates;
  let ostiary: RealOstiary;
  let upstream: Upstream;
  beforeAll(async () => {
    certificates = await makeCertificates();
    const tls = ['--tls-cert', certificates.file('server.crt'), '--tls-key', certificates.file('server.key')];
    const args = [...tls, '--tls-client-ca', certificates.file('ca.crt')];
    ostiary = await startOstiary({ policies: documentsFolder(shop), args });
    upstream = await startUpstream();
  });
  afterAll(async () => {
    await ostiary?.stop();
    await upstream?.close();
  });

  const ca = () => `--tls-ca ${certificates.file('ca.crt')}`;
  const own = () => `--envoy-cert ${certificates.file('client.crt')} --envoy-key ${certificates.file('client.key')}`;

  test.each([
    ['with its own certificate, and the name of the other', () => `${ca()} ${own()} --tls-name redis.test`, [401, 200]],
    ['and expects another name', () => `${ca()} ${own()} --tls-name other.test`, [503, 503]],
    ['without a certificate of its own', () => `${ca()} --tls-name redis.test`, [503, 503]],
    ['not at all', () => '', [503, 503]],
  ])('%s', async (_, flags, expected) => {
    const line = `bootstrap --name tls --ostiary ${ostiary.listen} --upstream 127.0.0.1:${upstream.port} --listen-port 1 ${flags()}`;
    const [config] = generate(line.trim()).documents as unknown as [Bootstrap];
    for (const { address } of config.static_resources.listeners) address.socket_address.port_value = 0;
    const envoy = await startEnvoy(config);
    try {
      const ask = async (headers = {}) => (await send(envoy.port('tls'), '/orders/1', { headers })).status;
      expect([await ask(), await ask(credentials('gold'))]).toEqual(expected);
    } finally {
      await envoy.stop();
    }
  });
});

interface Bootstrap {
  readonly static_resources: { readonly listeners: readonly { address: { socket_address: { port_value: number } } }[] };
}
