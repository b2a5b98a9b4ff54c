import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Health } from '../../src/grpc/health.ts';
import { reflectionMethods } from '../../src/grpc/reflection.ts';
import { GRPC_SERVICES } from '../../src/operator/services.ts';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { listeners } from '../grpc/fixture.ts';
import { transports } from '../grpc/transports.ts';
import { partOrSkip } from '../real/parts.ts';
import { apis, checkOf } from './fixture.ts';

const grpcurl = await partOrSkip('grpcurl');
const run = promisify(execFile);

async function call(...args: string[]): Promise<string> {
  const { stdout } = await run(grpcurl!, ['-max-time', '10', ...args]);
  return stdout;
}
const json = async (...args: string[]): Promise<unknown> => JSON.parse(await call(...args));

describe.skipIf(grpcurl === undefined)('a real grpcurl at the API listener', () => {
  const serve = apis();
  const start = async () => {
    const { listener, health } = await serve();
    return { health, to: ['-plaintext', `127.0.0.1:${(listener.address as { port: number }).port}`] as const };
  };

  it('lists and describes every service', async () => {
    const { to } = await start();
    expect((await call(...to, 'list')).trim().split('\n')).toEqual([
      'envoy.service.auth.v3.Authorization',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'ostiary.v1.AnalyticsService',
      'ostiary.v1.InspectionService',
      'ostiary.v1.ProbeService',
    ]);
    expect(await call(...to, 'describe', 'ostiary.v1.InspectionService')).toContain('rpc Explain');
    expect(await call(...to, 'describe', 'envoy.service.auth.v3.CheckRequest')).toContain(
      'AttributeContext attributes',
    );
  });

  it('calls Check, Explain and health', async () => {
    const { to, health } = await start();
    const check = JSON.stringify(checkOf());
    expect(await json('-d', check, ...to, 'envoy.service.auth.v3.Authorization/Check')).toHaveProperty('okResponse');
    const explained = await json('-d', `{"check": ${check}}`, ...to, 'ostiary.v1.InspectionService/Explain');
    expect(explained).toMatchObject({ verdict: { outcome: 'OUTCOME_ALLOW' }, api: 'orders' });
    health.setServing('', true);
    expect(await json(...to, 'grpc.health.v1.Health/Check')).toEqual({ status: 'SERVING' });
  });

  it('is told why it may not reset', async () => {
    const { to } = await start();
    const reset = call('-d', '{"api": "orders"}', ...to, 'ostiary.v1.InspectionService/ResetCounters');
    await expect(reset).rejects.toMatchObject({
      stderr: expect.stringMatching(/PermissionDenied[^]*--api-token-file/),
    });
  });

  it('may reset over a Unix socket', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ostiary-grpcurl-')), 'api.sock');
    await serve({ address: { kind: 'unix', path, mode: 0o600 } });
    const target = ['-plaintext', `unix://${path}`] as const;
    expect(await json('-d', '{"api": "orders"}', ...target, 'ostiary.v1.InspectionService/ResetCounters')).toEqual({});
  });
});

describe.skipIf(grpcurl === undefined).each(transports)(
  'a real grpcurl at the gRPC listener on $name',
  ({ transport }) => {
    const serve = listeners(transport);
    const methods = [...new Health(['']).methods(), ...reflectionMethods(() => Promise.resolve(GRPC_SERVICES))];

    it('lists the services and calls health, with mutual TLS', async () => {
      const authority = createAuthority();
      const [server, client] = [authority.issue('server'), authority.issue('client')];
      const { listener } = await serve(methods, {
        tls: {
          certificate: contents(server.certificate),
          key: contents(server.key),
          clientAuthorities: contents(authority.certificate),
        },
      });
      const own = ['-cacert', authority.certificate, '-cert', client.certificate, '-key', client.key];
      const target = `localhost:${(listener.address as { port: number }).port}`;
      expect(await call(...own, target, 'list')).not.toContain('ostiary.v1');
      expect(await json(...own, target, 'grpc.health.v1.Health/Check')).toEqual({ status: 'NOT_SERVING' });
    });

    it('lists the services on a Unix socket', async () => {
      const path = join(mkdtempSync(join(tmpdir(), 'ostiary-grpcurl-')), 'grpc.sock');
      await serve(methods, { address: { kind: 'unix', path, mode: 0o660 } });
      expect(await call('-plaintext', `unix://${path}`, 'list')).toContain('envoy.service.auth.v3.Authorization\n');
    });
  },
);
