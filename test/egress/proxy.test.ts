import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeySets } from '../../src/jwt/key-sets.ts';
import type { KeySetFetch } from '../../src/jwt/key-set-report.ts';
import { localTransport } from './local-transport.ts';
import type { ProxyVariables } from '../../src/egress/proxy.ts';
import { startOstiary } from '../real/ostiary.ts';
import { api, documentsFolder } from '../e2e/documents.ts';
import { makeCertificates } from '../real/certificates.ts';
import type { Certificates } from '../real/certificates.ts';
import { ConnectProxy } from './connect-proxy.ts';
import { answering, JwksServer, signingKey } from '../jwt/issuer.ts';
import { ManualTime } from '../jwt/manual-time.ts';

const key = await signingKey('ES256', 'k1');
const text = JSON.stringify({ keys: [key.jwk] });
// The name in the certificates of tests.
const HOST = 'redis.test';

let certificates: Certificates;
let issuer: Server;
let port = 0;
beforeAll(async () => {
  certificates = await makeCertificates();
  issuer = createServer(
    { cert: certificates.text('server.crt'), key: certificates.text('server.key') },
    (_, response) => response.end(text),
  );
  await new Promise<void>((resolve) => {
    issuer.listen(0, '127.0.0.1', resolve);
  });
  port = (issuer.address() as AddressInfo).port;
});
afterAll(() => {
  issuer?.closeAllConnections();
  issuer?.close();
});

async function fetched(url: string, variables: ProxyVariables): Promise<KeySetFetch> {
  const time = new ManualTime();
  const random = (): number => 0.5;
  const sets = createKeySets({ fetch: localTransport(variables), clock: time, timers: time, random });
  sets.hold(url, { timeToLiveMs: 60_000, timeoutMs: 10_000 });
  const [fetch] = await sets.refresh();
  sets.close();
  if (fetch === undefined) throw new Error('nothing was fetched');
  return fetch;
}

describe('a key set is asked for through the proxy of the environment', () => {
  test.each(['HTTPS_PROXY', 'https_proxy'])('by a tunnel, as %s says, with the credentials there', async (name) => {
    await using proxy = await ConnectProxy.open(() => port);
    const env = { [name]: `http://user:p%40ss@${proxy.address}` };
    // The authority of tests is unknown to this process: the tunnel was open, and the certificate was looked at.
    expect(await fetched(`https://${HOST}/jwks`, env)).toMatchObject({
      detail: expect.stringMatching(/SIGNATURE|UNABLE|CERT/),
    });
    expect(proxy.asked).toEqual([`CONNECT ${HOST}:443`]);
    expect([...proxy.credentials]).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
  });

  test('and http: is forwarded, as HTTP_PROXY says; a proxy may be host and port alone', async () => {
    await using proxy = await ConnectProxy.open(() => port);
    await fetched('http://insecure.test/jwks', { HTTP_PROXY: proxy.address });
    expect(proxy.asked).toEqual(['GET http://insecure.test/jwks']);
  });

  test.each([
    ['example.com', 'no.proxy.test', false],
    ['no.proxy.test', 'no.proxy.test', true],
    ['.proxy.test', 'no.proxy.test', true],
    ['*.proxy.test', 'no.proxy.test', true],
    ['other.test, no.proxy.test:443', 'no.proxy.test', true],
    ['*', 'no.proxy.test', true],
  ])('unless NO_PROXY=%s has the host %s: %s', async (noProxy, host, direct) => {
    await using proxy = await ConnectProxy.open(() => port);
    proxy.refusal = '403 Forbidden';
    const { outcome, detail } = await fetched(`https://${host}/jwks`, {
      HTTPS_PROXY: proxy.address,
      NO_PROXY: noProxy,
    });
    expect(outcome).toBe('unreachable');
    expect(proxy.asked).toEqual(direct ? [] : [`CONNECT ${host}:443`]);
    expect(detail).toContain(direct ? 'ENOTFOUND' : 'ERR_PROXY_TUNNEL');
  });

  test('but never where the host is this machine', async () => {
    await using proxy = await ConnectProxy.open(() => port);
    await using own = new JwksServer(answering(200, text));
    await own.listen();
    const env = { HTTP_PROXY: proxy.address, HTTPS_PROXY: proxy.address };
    expect(await fetched(own.url, env)).toMatchObject({ outcome: 'success', keys: 1 });
    expect(proxy.asked).toEqual([]);
  });

  test('and one that is no HTTP proxy is told by its variable, without its value', async () => {
    for (const value of ['socks5://user:hunter2@127.0.0.1:1080', 'http://', 'http://user:hunter2@:x']) {
      const { outcome, detail } = await fetched(`https://${HOST}/jwks`, { HTTPS_PROXY: value });
      expect([outcome, detail]).toEqual(['unreachable', expect.stringContaining('HTTPS_PROXY names no proxy')]);
      expect(detail).not.toContain('hunter2');
    }
  });

  test('and a proxy that hangs is given up with the fetch', async () => {
    await using proxy = await ConnectProxy.open(() => port);
    proxy.refusal = 'hang';
    const time = new ManualTime();
    const fetch = localTransport({ HTTPS_PROXY: proxy.address });
    const sets = createKeySets({ fetch, clock: time, timers: time, random: () => 0.5 });
    sets.hold(`https://${HOST}/jwks`, { timeToLiveMs: 60_000, timeoutMs: 500 });
    const refreshed = sets.refresh();
    await expect.poll(() => proxy.asked).toHaveLength(1);
    time.advance(500);
    expect(await refreshed).toMatchObject([{ outcome: 'timeout' }]);
    await expect.poll(() => proxy.connections).toBe(0);
    sets.close();
  });
});

test('an answer that is compressed though nobody asked is read, and counted as what it unpacks to', async () => {
  await using own = new JwksServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
  });
  await own.listen();
  expect(await fetched(own.url, {})).toMatchObject({ outcome: 'success', keys: 1 });
  own.answer = (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(' '.repeat(8 * 1024 * 1024)));
  };
  expect(await fetched(own.url, {})).toMatchObject({ outcome: 'too_large' });
  own.answer = (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip');
  };
  expect(await fetched(own.url, {})).toMatchObject({ outcome: 'unreachable' });
});

test('the service itself reaches its issuer through a tunnel, by its environment alone', async () => {
  await using proxy = await ConnectProxy.open(() => port);
  const config = {
    jwtKeyOrigin: 'jwks',
    jwksUrl: `https://${HOST}/jwks`,
    algorithms: ['ES256'],
    skipClientIdValidation: true,
  };
  const policies = documentsFolder([api('tokens', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] })]);
  const env = { HTTPS_PROXY: `http://${proxy.address}`, NODE_EXTRA_CA_CERTS: certificates.file('ca.crt') };
  const ostiary = await startOstiary({ policies, env });
  await expect.poll(() => ostiary.output(), { timeout: 5000 }).toContain('key set fetched');
  expect(proxy.asked).toEqual([`CONNECT ${HOST}:443`]);
  await ostiary.stop();
});
