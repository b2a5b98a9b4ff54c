import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { create, toBinary } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { Client, compressionAlgorithms, credentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { CheckRequestSchema, Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { Health as HealthService, HealthCheckResponse_ServingStatus as Status } from '../../gen/health/v1/health_pb.js';
import { Health } from '../../src/grpc/health.ts';
import { reflectionMethods } from '../../src/grpc/reflection.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { partOrSkip } from '../real/parts.ts';
import { serve } from './serving.ts';
import type { Served } from './serving.ts';

const run = promisify(execFile);
const [curl, nghttp, grpcurl, ghz] = await Promise.all([
  partOrSkip('curl'),
  partOrSkip('nghttp'),
  partOrSkip('grpcurl'),
  partOrSkip('ghz'),
]);

const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';
const seen: Buffer[] = [];

async function serveAll(): Promise<Served & { target: string; health: Health }> {
  const health = new Health(['', Authorization.typeName]);
  health.setAllServing(true);
  const check: Method = {
    kind: 'unary',
    path: CHECK_PATH,
    handle: (request) => {
      seen.push(Buffer.from(request));
      return Buffer.from('0a00', 'hex');
    },
  };
  const reflection = reflectionMethods(async () => [Authorization, HealthService, ServerReflection]);
  const served = await serve([check, ...health.methods(), ...reflection], {}, { gzip: true });
  return { ...served, health, target: `127.0.0.1:${served.port}` };
}

describe('clients of other makes', () => {
  it.skipIf(curl === undefined)('curl is told that this is gRPC, on HTTP/2 alone', async () => {
    const { target } = await serveAll();
    const { stdout } = await run(curl!, [
      '-sS',
      '-i',
      '--http2-prior-knowledge',
      `http://${target}/`,
      '-d',
      'x'.repeat(100_000),
    ]);
    expect(stdout).toMatch(/^HTTP\/2 415/);
    expect(stdout).toContain('This is a gRPC server');
    const grpc = ['-H', 'content-type: application/grpc', '-X', 'PUT'];
    expect((await run(curl!, ['-sS', '-i', '--http2-prior-knowledge', ...grpc, `http://${target}/`])).stdout).toMatch(
      /^HTTP\/2 405[^]*allow: POST/,
    );
    expect((await run(curl!, ['-sS', '-I', '--http2-prior-knowledge', `http://${target}/`])).stdout).toMatch(
      /^HTTP\/2 415/,
    );
    await expect(run(curl!, ['-sS', '--http1.1', `http://${target}/`])).rejects.toThrow(/curl/);
  });

  it.skipIf(nghttp === undefined)(
    'nghttp, with padding and windows of one octet, or with headers beyond the limit',
    async () => {
      const { target, counters, abuse } = await serveAll();
      const small = await run(nghttp!, ['-v', '-b', '10', '-w', '1', '-m', '20', `http://${target}/`]);
      expect(small.stdout.match(/:status: 415/g)).toHaveLength(20);
      expect(abuse).toEqual([]);
      const large = await run(nghttp!, ['-v', '--continuation', `http://${target}/`]);
      expect(large.stdout).toContain(':status: 431');
      expect(abuse).toEqual(['header_list_too_large']);
      expect(counters.connectionErrors).toBe(0);
    },
  );

  it.skipIf(grpcurl === undefined)('grpcurl lists, describes and calls', async () => {
    const { target } = await serveAll();
    expect((await run(grpcurl!, ['-plaintext', target, 'list'])).stdout).toContain(
      'envoy.service.auth.v3.Authorization',
    );
    const call = ['-plaintext', '-d', '{"attributes":{"request":{"http":{"path":"/orders"}}}}'];
    const answer = await run(grpcurl!, [...call, target, 'envoy.service.auth.v3.Authorization/Check']);
    expect(JSON.parse(answer.stdout)).toEqual({ status: {} });
    await expect(
      run(grpcurl!, ['-plaintext', '-d', '{"service":"none"}', target, 'grpc.health.v1.Health/Check']),
    ).rejects.toThrow(/NotFound/);
  });

  it.skipIf(ghz === undefined)('ghz, twenty calls at once on three connections', { timeout: 60_000 }, async () => {
    const { target, counters, abuse } = await serveAll();
    const load = ['--insecure', '-n', '3000', '-c', '20', '--connections', '3', '-O', 'json'];
    const { stdout } = await run(ghz!, [...load, '--call', 'grpc.health.v1.Health.Check', '-d', '{}', target], {
      maxBuffer: 2 ** 26,
    });
    expect((JSON.parse(stdout) as { statusCodeDistribution: unknown }).statusCodeDistribution).toEqual({ OK: 3000 });
    expect(counters.callsOk).toBeGreaterThanOrEqual(3000);
    expect(abuse).toEqual([]);
  });

  it('connect-node, unary and streaming, gzip both ways allowed', async () => {
    const { target, health } = await serveAll();
    const client = createClient(HealthService, createGrpcTransport({ baseUrl: `http://${target}` }));
    expect((await client.check({})).status).toBe(Status.SERVING);
    const statuses: Status[] = [];
    for await (const { status } of client.watch({})) {
      statuses.push(status);
      if (statuses.length === 1) health.setServing('', false);
      else break;
    }
    expect(statuses).toEqual([Status.SERVING, Status.NOT_SERVING]);
    await expect(
      client.check({}, { timeoutMs: 1000, headers: { 'x-many': 'y'.repeat(10_000) } }),
    ).resolves.toBeDefined();
  });

  it('grpc-js compresses a message of megabytes', async () => {
    const { target } = await serveAll();
    const client = new Client(target, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    });
    const request = Buffer.from(
      toBinary(
        CheckRequestSchema,
        create(CheckRequestSchema, { attributes: { request: { http: { body: 'b'.repeat(3_000_000) } } } }),
      ),
    );
    const same = (bytes: Buffer): Buffer => bytes;
    const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
      client.makeUnaryRequest(CHECK_PATH, same, same, request, (error, value) =>
        error ? reject(error) : resolve(value),
      );
    });
    client.close();
    expect(answer?.toString('hex')).toBe('0a00');
    expect(seen.at(-1)?.equals(request)).toBe(true);
  });
});
