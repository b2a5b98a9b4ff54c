import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Health } from '../../../src/grpc/health.ts';
import { Code, RpcError } from '../../../src/grpc/rpc.ts';
import type { Method } from '../../../src/grpc/rpc.ts';
import { partOrSkip } from '../../real/parts.ts';
import { listeners, text } from '../fixture.ts';
import { transports } from '../transports.ts';

const grpcio = await partOrSkip('python-grpcio');
const program = join(import.meta.dirname, 'core-client.py');
const MESSAGE = '\t\nwhitespace, ☺ and 😈 %41';

function methods(health: Health, aborted: () => void): Method[] {
  const unary = (name: string, handle: (Method & { kind: 'unary' })['handle']): Method => {
    return { kind: 'unary', path: `/test.Core/${name}`, handle };
  };
  return [
    ...health.methods(),
    { kind: 'unary', path: '/envoy.service.auth.v3.Authorization/Check', handle: () => Buffer.from('0a00', 'hex') },
    unary('Unhealthy', () => (health.setServing('', false), new Uint8Array())),
    unary('Size', (request) => text(`${request.length}`)),
    unary('Hang', (_request, { signal }) => {
      signal.addEventListener('abort', aborted);
      return new Promise<Uint8Array>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('over')));
      });
    }),
    unary('Fail', () => {
      throw new RpcError(Code.failedPrecondition, MESSAGE);
    }),
    {
      kind: 'bidirectional',
      path: '/test.Core/Echo',
      async *handle(requests) {
        for await (const request of requests) yield Buffer.from(request);
      },
    },
    {
      kind: 'bidirectional',
      path: '/test.Core/Total',
      async *handle(requests) {
        let total = 0;
        for await (const request of requests) total += request.length;
        yield text(`${total}`);
      },
    },
  ];
}

describe.skipIf(grpcio === undefined).each(transports)("gRPC's C core", ({ name, transport }) => {
  const serve = listeners(transport);

  it(`calls ${name} in every way`, async () => {
    const health = new Health(['']);
    health.setServing('', true);
    let aborted = 0;
    const { listener } = await serve(
      methods(health, () => aborted++),
      { maxMessageBytes: 4 << 20, gzip: true },
    );
    const target = `127.0.0.1:${(listener.address as { port: number }).port}`;
    const env = { ...process.env, PYTHONPATH: dirname(dirname(grpcio ?? '')) };
    const { stdout } = await promisify(execFile)('python3', [program, target], { env, timeout: 60_000 });
    expect(JSON.parse(stdout)).toEqual({
      check: '0a00',
      watch: ['0801', '0802', 'CANCELLED'],
      deadline: ['DEADLINE_EXCEEDED', true],
      cancel: 'CANCELLED',
      // grpc-js unpacks without a bound, and so is not let.
      gzip: name === 'grpc-js' ? 'UNIMPLEMENTED' : 3_000_000,
      'unknown encoding': 'UNIMPLEMENTED',
      'both ways': [true, 6_000_000],
      'client streaming': 6_000_000,
      'many at once': true,
      'status message': ['FAILED_PRECONDITION', MESSAGE],
      'too large': 'RESOURCE_EXHAUSTED',
      'unknown method': 'UNIMPLEMENTED',
    });
    // The deadline and the cancellation.
    expect(aborted).toBe(2);
  }, 90_000);
});
