import { request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { api, documentsFolder } from './documents.ts';

const part = await partOrSkip('envoy');
const MOST_BYTES = 65_536;

interface Filter {
  typed_config: { with_request_body?: object };
}
interface Bootstrap {
  static_resources: {
    listeners: { name: string; filter_chains: { filters: { typed_config: { http_filters: Filter[] } }[] }[] }[];
  };
}

/** The ways in which Envoy may send bodies; the first two are what `ostiary generate` writes. */
function envoyWith(ostiaryPort: number, upstreamPort: number): object {
  const listener = (name: string, rawHeaders: boolean, requestBodyBytes?: number) => {
    return { name, host: '127.0.0.1', port: 0, rawHeaders, normalizePath: true, api: undefined, requestBodyBytes };
  };
  const whole = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port: ostiaryPort },
    timeoutMs: 5000,
    listeners: [
      listener('map', false, MOST_BYTES),
      listener('raw', true, MOST_BYTES),
      listener('partial-map', false, 8),
      listener('partial-raw', true, 8),
      listener('text', false, MOST_BYTES),
      listener('none', false),
      listener('upgrade-map', false, MOST_BYTES),
      listener('upgrade-raw', true, MOST_BYTES),
    ],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  for (const { name, filter_chains: chains } of whole.static_resources.listeners) {
    const connection = chains[0]?.filters[0]?.typed_config;
    if (name.startsWith('upgrade'))
      Object.assign(connection ?? {}, { upgrade_configs: [{ upgrade_type: 'websocket' }] });
    const config = chains[0]?.filters[0]?.typed_config.http_filters[0]?.typed_config.with_request_body;
    if (config === undefined) continue;
    if (name.startsWith('partial')) Object.assign(config, { allow_partial_message: true });
    if (name === 'text') Object.assign(config, { pack_as_bytes: false });
  }
  return whole;
}

interface Sent {
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: string;
}

/** @returns the status */
function post(
  port: number,
  { body, headers = {}, method = 'POST', path = '/orders/1' }: Sent,
  isChunked = false,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Node.js counts a body that it has whole, unless it is told not to.
  const length: Record<string, string> = isChunked
    ? { 'transfer-encoding': 'chunked' }
    : { 'content-length': String(Buffer.byteLength(body)) };
  const all = { 'content-type': 'application/json', ...length, ...headers };
  const request = httpRequest({ host: '127.0.0.1', port, path, method, headers: all, agent: false });
  request.once('error', reject);
  request.once('response', (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.end(body);
  return promise;
}

/** The same in HTTP/2, in which nothing need be said of a length. */
async function post2(port: number, { body, headers = {}, method = 'POST' }: Sent): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    session.once('error', reject);
    const stream = session.request(
      { ':method': method, ':path': '/orders/1', 'content-type': 'application/json', ...headers },
      { endStream: body.length === 0 },
    );
    stream.once('error', reject);
    stream.once('response', (answer) => resolve(Number(answer[':status'])));
    stream.resume();
    if (body.length > 0) stream.end(body);
    return await promise;
  } finally {
    session.destroy();
  }
}

describe.skipIf(part === undefined)('bodies through a real Envoy', () => {
  let envoy: RealEnvoy;
  let ostiary: RealOstiary;
  let upstream: Upstream;
  beforeAll(async () => {
    const policy = {
      policyRef: { name: 'json-threat-protection' },
      config: { maxContainerDepth: 10, maxStringValueLength: 100 },
    };
    const port = await freePort();
    upstream = await startUpstream();
    ostiary = await startOstiary({
      listen: `127.0.0.1:${port}`,
      policies: documentsFolder([
        api('orders', { policies: [policy] }),
        api('xml', { policies: [{ policyRef: { name: 'xml-threat-protection' }, config: { maxNodeDepth: 10 } }] }),
      ]),
    });
    envoy = await startEnvoy(envoyWith(port, upstream.port));
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close()]);
  });

  const good = '{"a":[1,{"b":"é"}]}';
  const bodies: readonly (readonly [string, Sent, number])[] = [
    ['JSON', { body: good }, 200],
    ['no body', { body: '' }, 200],
    ['JSON that is too deep', { body: '['.repeat(11) + ']'.repeat(11) }, 400],
    ['JSON 10,000 deep', { body: '['.repeat(10_000) }, 400],
    ['a name twice', { body: '{"a":1,"\\u0061":2}' }, 400],
    ['bytes that are no UTF-8', { body: Buffer.from([0x22, 0xc3, 0x28, 0x22]) }, 400],
    ['a NUL in a text', { body: '"a\0"' }, 400],
    ['a byte order mark', { body: '\ufeff{}' }, 400],
    ['gzip', { body: gzipSync('{}'), headers: { 'content-encoding': 'gzip' } }, 400],
    ['JSON that says it is gzip', { body: '{}', headers: { 'content-encoding': 'identity, gzip' } }, 400],
    ['UTF-16', { body: Buffer.from('{}', 'utf16le') }, 400],
    ['a text as the type says', { body: 'hello', headers: { 'content-type': 'text/plain' } }, 400],
    ['JSON with a forged word of Envoy', { body: '{', headers: { 'x-envoy-auth-partial-body': 'false' } }, 400],
  ];

  describe.each(['map', 'raw'])('with headers as a %s', (front) => {
    test.each(bodies)('%s', async (_, sent, status) => {
      const port = envoy.port(front);
      expect([await post(port, sent), await post2(port, sent)]).toEqual([
        status,
        status === 200 && sent.body === '' ? 503 : status,
      ]);
      if (sent.body !== '') expect(await post(port, sent, true)).toBe(status);
    });

    test.each([
      ['XML', '<a b="c">d</a>', 200],
      ['a document type', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 400],
      ['entities that expand', '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>', 400],
      ['another encoding', '<?xml version="1.0" encoding="UTF-7"?><a/>', 400],
      ['elements 10,000 deep', '<a>'.repeat(10_000), 400],
      ['JSON', '{}', 400],
    ])('of an API of XML: %s', async (_, body, status) => {
      const sent = { body, path: '/xml/1', headers: { 'content-type': 'text/xml' } };
      expect([await post(envoy.port(front), sent), await post(envoy.port(front), sent, true)]).toEqual([
        status,
        status,
      ]);
    });

    test('more than Envoy takes is refused, though what it takes would be JSON', async () => {
      const port = envoy.port(front);
      const long = { body: `[1]${' '.repeat(MOST_BYTES)}["more"]` };
      expect([await post(port, long), await post(port, long, true)]).toEqual([413, 413]);
      // There Envoy may send what fits, and says so, whatever allow_partial_message is.
      expect([400, 413]).toContain(await post2(port, long));
    });

    test('GET, in HTTP/2 too, needs none; one that has a body is judged by it', async () => {
      const port = envoy.port(front);
      expect(await post2(port, { method: 'GET', body: '' })).toBe(200);
      expect(await post2(port, { method: 'GET', body: '{' })).toBe(400);
      expect(await post(port, { method: 'GET', body: '{' })).toBe(400);
    });
  });

  test.each(['partial-map', 'partial-raw'])('what Envoy cuts off is refused: %s', async (front) => {
    // The first eight bytes are JSON by themselves.
    const cut = { body: '[1,2,3] ["more"]' };
    expect([await post(envoy.port(front), cut), await post2(envoy.port(front), cut)]).toEqual([400, 400]);
    const forged = { ...cut, headers: { 'x-envoy-auth-partial-body': 'false' } };
    expect([await post(envoy.port(front), forged), await post2(envoy.port(front), forged)]).toEqual([400, 400]);
    expect(await post(envoy.port(front), { body: '[1]' })).toBe(200);
  });

  test.each(['upgrade-map', 'upgrade-raw'])('no body hides behind an upgrade: %s', async (front) => {
    const port = envoy.port(front);
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    for (const method of ['GET', 'POST']) {
      expect(await post(port, { body: '{', headers, method }, true)).toBe(503);
      expect(await post(port, { body: '{', headers, method })).toBe(503);
    }
    expect(await post(port, { body: good }, true)).toBe(200);
  });

  test.each(['text', 'none'])('nothing passes unseen where Envoy is not set up for it: %s', async (front) => {
    const port = envoy.port(front);
    expect([await post(port, { body: good }), await post(port, { body: good }, true)]).toEqual([503, 503]);
    expect(await post2(port, { body: good })).toBe(503);
    const forged = { body: '{', headers: { 'x-envoy-auth-partial-body': 'false' } };
    expect([await post(port, forged, true), await post2(port, forged)]).toEqual([503, 503]);
  });
});
