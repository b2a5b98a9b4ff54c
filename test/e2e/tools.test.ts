import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPrometheus } from '../real/prometheus.ts';
import { scratchFolder } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { TRANSPORTS } from './mesh.ts';
import { shop } from './shop.ts';

const grpcurl = await partOrSkip('grpcurl');
const curl = await partOrSkip('curl');
const prometheus = await partOrSkip('prometheus');
const promtool = await partOrSkip('promtool');

const run = promisify(execFile);
const allowed = { http: { method: 'GET', path: '/orders/1', host: 'shop', headers: credentials('gold') } };
const DENIED = { http: { method: 'GET', path: '/orders/1', host: 'shop' } };

describe.each(TRANSPORTS)('ostiary on %s', (transport) => {
  let ostiary: RealOstiary;
  beforeAll(async () => {
    ostiary = await startOstiary({ policies: documentsFolder(shop), args: ['--transport', transport] });
  });
  afterAll(() => ostiary?.stop());

  describe.skipIf(grpcurl === undefined)('a real grpcurl', () => {
    const call = async (address: string, ...args: string[]) =>
      (await run(grpcurl ?? '', ['-plaintext', ...args.slice(0, -1), address, ...args.slice(-1)])).stdout;
    const callWith = async (address: string, data: object, method: string) =>
      JSON.parse(
        (await run(grpcurl ?? '', ['-plaintext', '-d', JSON.stringify(data), address, method])).stdout,
      ) as unknown;

    test('lists and describes what is served', async () => {
      const services = (await run(grpcurl ?? '', ['-plaintext', ostiary.listen, 'list'])).stdout.split('\n');
      expect(services).toContain('envoy.service.auth.v3.Authorization');
      expect(services).toContain('grpc.health.v1.Health');
      const described = await run(grpcurl ?? '', [
        '-plaintext',
        ostiary.listen,
        'describe',
        'envoy.service.auth.v3.Authorization',
      ]);
      expect(described.stdout).toContain('rpc Check ( .envoy.service.auth.v3.CheckRequest )');
      const message = ['-plaintext', ostiary.listen, 'describe', 'envoy.service.auth.v3.CheckRequest'];
      expect((await run(grpcurl ?? '', message)).stdout).toContain('AttributeContext attributes = 1');
    });

    test('asks for a Check', async () => {
      const method = 'envoy.service.auth.v3.Authorization/Check';
      const answer = await callWith(ostiary.listen, { attributes: { request: DENIED } }, method);
      expect(answer).toMatchObject({
        status: { code: expect.any(Number) },
        deniedResponse: { status: { code: 'Unauthorized' } },
      });
      const yes = await callWith(ostiary.listen, { attributes: { request: allowed } }, method);
      expect(yes).toMatchObject({ okResponse: { headers: expect.any(Array) } });
    });

    test('asks for health, of the whole and of each service', async () => {
      expect(await call(ostiary.listen, 'grpc.health.v1.Health/Check')).toContain('SERVING');
      const service = { service: 'envoy.service.auth.v3.Authorization' };
      expect(await callWith(ostiary.listen, service, 'grpc.health.v1.Health/Check')).toEqual({ status: 'SERVING' });
      await expect(callWith(ostiary.listen, { service: 'none' }, 'grpc.health.v1.Health/Check')).rejects.toThrow(
        'NotFound',
      );
    });

    test('asks the API to explain a Check', async () => {
      const data = { check: { attributes: { request: DENIED } } };
      const address = ostiary.apiUrl.replace('http://', '');
      expect(await callWith(address, data, 'ostiary.v1.InspectionService/Explain')).toMatchObject({
        api: 'orders',
        verdict: { outcome: 'OUTCOME_DENY', httpStatus: 401, reason: 'client_rejected' },
        steps: [{ policy: 'client-id-enforcement', result: 'RESULT_DENY' }, { result: 'RESULT_NOT_REACHED' }],
      });
    });
  });

  describe.skipIf(curl === undefined)('a real curl', () => {
    const post = async (method: string, data: object) => {
      const json = ['-H', 'content-type: application/json', '-d', JSON.stringify(data)];
      return JSON.parse((await run(curl ?? '', ['-sS', ...json, `${ostiary.apiUrl}/${method}`])).stdout) as unknown;
    };

    test('asks the JSON API for a Check and for what is loaded', async () => {
      const answer = await post('envoy.service.auth.v3.Authorization/Check', { attributes: { request: DENIED } });
      expect(answer).toMatchObject({ deniedResponse: { status: { code: 'Unauthorized' } } });
      const { apis } = (await post('ostiary.v1.InspectionService/ListApis', {})) as { apis: { name: string }[] };
      expect(apis.map(({ name }) => name)).toEqual(['closed', 'open', 'orders', 'quiet', 'ruled']);
      expect(await post('ostiary.v1.InspectionService/GetSnapshot', {})).toMatchObject({
        version: expect.stringMatching(/./),
        apis: 5,
      });
    });

    test('is refused where it would change something without a token', async () => {
      const subject = { api: 'orders', clientId: 'gold-id' };
      expect(await post('ostiary.v1.InspectionService/ResetCounters', subject)).toMatchObject({
        code: 'permission_denied',
      });
    });
  });

  describe.skipIf(prometheus === undefined || promtool === undefined)('a real Prometheus', () => {
    test('finds the metrics in order', async () => {
      const text = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
      const file = join(scratchFolder('metrics'), 'metrics');
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text);
      const { stdout, stderr } = await run('sh', ['-c', `"${promtool ?? ''}" check metrics < "${file}"`]);
      expect(stdout + stderr).toBe('');
    });

    test('scrapes them', async () => {
      const server = await startPrometheus([ostiary.adminUrl.replace('http://', '')]);
      try {
        const up = () => server.query('up{job="ostiary"} == 1');
        await expect.poll(up, { timeout: 10_000 }).toHaveLength(1);
        const loaded = () => server.query('ostiary_config_last_reload_successful == 1');
        await expect.poll(loaded, { timeout: 10_000 }).toHaveLength(1);
      } finally {
        await server.stop();
      }
    });
  });
});
