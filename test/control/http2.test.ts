import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { document } from '../document/documents.ts';
import { makeCertificates } from '../real/certificates.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';

const openssl = await partOrSkip('openssl');
const APPLY = '/ostiary.v1.ResourceService/Apply';
const LIST = '/ostiary.v1.ResourceService/List';
const WATCH = '/ostiary.v1.ResourceService/Watch';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe.skipIf(openssl === undefined)('over HTTP/2 and TLS, as a browser speaks it, the control plane', () => {
  const folder = scratchFolder('control-http2');
  let control: RealControlPlane;
  let session: ClientHttp2Session;
  beforeAll(async () => {
    const certificates = await makeCertificates();
    const tls = { cert: certificates.file('server.crt'), key: certificates.file('server.key') };
    control = await startControlPlane(join(folder, 'data'), undefined, { tls });
    session = connect(control.url.replace('http:', 'https:'), {
      ca: readFileSync(certificates.file('ca.crt')),
      servername: 'redis.test',
    });
    await once(session, 'connect');
    expect(session.alpnProtocol).toBe('h2');
  });
  afterAll(async () => {
    session?.close();
    await control?.stop();
  });

  const open = (headers: OutgoingHttpHeaders) => {
    const authorization = `Bearer ${control.env.OSTIARY_TOKEN}`;
    const host = { ':authority': new URL(control.url).host };
    return session.request({
      ...host,
      ':method': 'POST',
      'content-type': 'application/json',
      authorization,
      ...headers,
    });
  };
  const ask = async (path: string, body: string | Uint8Array, headers: OutgoingHttpHeaders = {}): Promise<Answer> => {
    const stream = open({ ':path': path, ...headers });
    if (headers[':method'] !== 'GET') stream.end(body);
    const [answered] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    return { status: Number(answered[':status']), headers: answered, body: Buffer.concat(chunks) };
  };
  const json = ({ body }: Answer): unknown => JSON.parse(body.toString());
  const apply = (...documents: object[]) =>
    ask(APPLY, JSON.stringify({ documents: documents.map((each) => ({ document: each })) }));

  test('answers calls of Connect in JSON, and their errors', async () => {
    const applied = await apply(document('Api', 'orders', { basePath: '/orders' }));
    expect(applied.status).toBe(200);
    expect(applied.headers['content-type']).toBe('application/json');
    expect(json(await ask(LIST, '{"kinds": ["Api"], "keysOnly": true}'))).toMatchObject({ total: 1 });
    const wrong = await ask(LIST, '{"kinds": 7}');
    expect([wrong.status, json(wrong)]).toMatchObject([400, { code: 'invalid_argument' }]);
    expect((await ask(LIST, '{}', { authorization: 'Bearer nobody' })).status).toBe(401);
    const unknown = await ask('/nothing', '{}');
    expect([unknown.status, json(unknown)]).toMatchObject([404, { code: 'unimplemented' }]);
  });

  test('answers gRPC-Web and gRPC on the same connection', async () => {
    // A ListRequest with nothing in it.
    const web = await ask(LIST, Buffer.alloc(5), { 'content-type': 'application/grpc-web+proto' });
    expect([web.status, web.headers['content-type']]).toEqual([200, 'application/grpc-web+proto']);
    expect(web.body.toString('latin1')).toContain('grpc-status: 0');
    const grpc = await ask(LIST, Buffer.alloc(5), { 'content-type': 'application/grpc', te: 'trailers' });
    expect([grpc.status, grpc.headers['content-type']]).toEqual([200, 'application/grpc']);
    expect(grpc.body.length).toBeGreaterThan(5);
  });

  test('takes a request that is larger than all windows, and sends an answer that is', async () => {
    const text = 'x'.repeat(4000);
    const many = Array.from({ length: 1000 }, (_, at) => {
      const made = document('ClientApplication', `app-${at}`, { clientId: `app-${at}` });
      return { ...made, metadata: { ...made.metadata, description: text } };
    });
    expect((await apply(...many)).status).toBe(200);
    const pages = await ask(LIST, '{"kinds": ["ClientApplication"], "pageSize": 1000}');
    expect(pages.status).toBe(200);
    expect(pages.body.length).toBeGreaterThan(2_000_000);
  });

  test('sends what changes on a stream as it happens, and forgets the stream when its caller does', async () => {
    const stream = open({ ':path': WATCH, 'content-type': 'application/connect+json' });
    const body = Buffer.from('{}');
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    stream.end(Buffer.concat([head, body]));
    let told = '';
    const has = (text: string) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (told.includes(text)) resolve();
        };
        stream.on('data', look);
        look();
      });
    stream.on('data', (chunk: Buffer) => {
      told += chunk.toString('latin1');
    });
    await has('"history"');
    await apply(document('Api', 'watched', { basePath: '/watched' }));
    await has('"watched"');
    stream.close();
    await once(stream, 'close');
    // The connection serves on.
    expect((await ask(LIST, '{"kinds": ["Api"], "keysOnly": true}')).status).toBe(200);
  });

  test('answers no page of another origin, describes itself, and resets what makes no sense', async () => {
    expect((await ask(LIST, '{}', { origin: 'https://evil.example.com' })).status).toBe(403);
    const described = await ask('/openapi.json', '', { ':method': 'GET', 'content-type': '' });
    expect(described.status).toBe(200);
    expect(Object.keys((json(described) as { paths: object }).paths)).toContain(APPLY);
    const aborted = open({ ':path': APPLY, 'content-length': '1000' });
    aborted.on('error', () => {});
    aborted.write('{"documents": [');
    aborted.close(8);
    await once(aborted, 'close');
    expect((await ask(LIST, '{"kinds": ["Api"], "keysOnly": true}')).status).toBe(200);
  });
});
