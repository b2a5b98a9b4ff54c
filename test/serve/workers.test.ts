import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { JsonObject } from '@bufbuild/protobuf';
import { credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { parseListenAddress } from '../../src/listen/address.ts';
import { entry, httpMessage } from '../analytics/log-message.ts';
import { credentials as credentialsOf, documentsFolder } from '../e2e/documents.ts';
import { newcomer, shop } from '../e2e/shop.ts';
import { contents, createAuthority } from '../grpc/certificates.ts';
import { RawClient, statusOf } from '../grpc/client.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const clients: RawClient[] = [];
let ostiary: RealOstiary | undefined;
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await ostiary?.stop();
  ostiary = undefined;
});

async function serve(args: readonly string[] = [], listen?: string): Promise<RealOstiary> {
  const policies = documentsFolder([...shop, ...newcomer('many', 'orders', 'bronze')]);
  const where = listen === undefined ? {} : { listen };
  ostiary = await startOstiary({ policies, args: ['--workers', '3', '--log-level', 'error', ...args], ...where });
  return ostiary;
}

/** Each on a connection of its own. */
function connect({ listen }: RealOstiary, count: number): RawClient[] {
  const made = Array.from({ length: count }, () => new RawClient(parseListenAddress(listen, 'listen')));
  clients.push(...made);
  return made;
}

const check = (path: string, headers: Record<string, string> = {}): Uint8Array =>
  toBinary(
    CheckRequestSchema,
    create(CheckRequestSchema, { attributes: { request: { http: { method: 'GET', path, headers } } } }),
  );

async function ask(client: RawClient, request: Uint8Array): Promise<number> {
  const answer = fromBinary(CheckResponseSchema, await client.unary(CHECK_PATH, request, { timeoutMs: 5000 }));
  return answer.status?.code ?? 0;
}

async function metricsOf({ adminUrl }: RealOstiary): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

function sumOf(text: string, line: RegExp): number {
  return [...text.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0);
}

function childrenOf({ pid }: RealOstiary): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

describe('three workers', () => {
  it('have one quota between them, to the last unit', async () => {
    // Where the machine is busy, the owner takes its time to answer.
    const all = connect(await serve(['--store-timeout', '4s']), 9);
    const request = check('/orders/1', credentialsOf('many'));
    const codes = (
      await Promise.all(Array.from({ length: 5 }, () => Promise.all(all.map((client) => ask(client, request)))))
    ).flat();
    // A tier of three a minute.
    expect(codes.filter((code) => code === 0)).toHaveLength(3);
  });

  it('share the connections, and tell one sum of metrics', async () => {
    const server = await serve();
    const all = connect(server, 9);
    for (let round = 0; round < 20; round++) await Promise.all(all.map((client) => ask(client, check('/open/1'))));
    const text = await metricsOf(server);
    expect(sumOf(text, /^ostiary_checks_total\{[^}]*outcome="allow"[^}]*\} (\d+)$/gm)).toBe(180);
    expect(sumOf(text, /^ostiary_rpc_connections\{[^}]*\} (\d+)$/gm)).toBe(9);
    expect(sumOf(text, /^ostiary_check_duration_seconds_count\S* (\d+)$/gm)).toBe(180);
    expect(sumOf(text, /^ostiary_build_info\{[^}]*\} (\d+)$/gm)).toBe(1);
    expect(sumOf(text, /^ostiary_config_last_reload_successful (\d+)$/gm)).toBe(1);
    expect(childrenOf(server)).toHaveLength(3);
  });

  it('tell one sum of the requests that Envoys log, scrape after scrape', async () => {
    const server = await serve(['--store-timeout', '4s']);
    const all = connect(server, 9);
    const decided = async (client: RawClient): Promise<JsonObject> => {
      const bytes = await client.unary(CHECK_PATH, check('/orders/1', credentialsOf('gold')), { timeoutMs: 5000 });
      return fromBinary(CheckResponseSchema, bytes).dynamicMetadata ?? {};
    };
    const log = async (client: RawClient, metadata: readonly JsonObject[]): Promise<void> => {
      const [first, second] = metadata as [JsonObject, JsonObject];
      const stream = client.bidi('/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs');
      stream.end(httpMessage(entry({ metadata: first }), entry({ metadata: second, status: 503 })));
      await stream.toArray();
    };
    for (let round = 1; round <= 3; round++) {
      const told = await Promise.all(all.map(async (client) => [await decided(client), await decided(client)]));
      // The first characters are of the epoch: each worker has decided some.
      expect(new Set(told.flat().map(({ id }) => (id as string).slice(0, 5))).size).toBe(3);
      // Each entry goes to another connection than the one that asked, most of them to another worker.
      await Promise.all(all.map((client, at) => log(client, told[(at + round) % all.length]!)));
      // Credits of other workers' decisions are asked for.
      const counted = /^ostiary_access_log_entries_total\{protocol="http",result="counted"\} (\d+)$/gm;
      await expect.poll(async () => sumOf(await metricsOf(server), counted), { timeout: 10_000 }).toBe(18 * round);
      const texts = await Promise.all([metricsOf(server), metricsOf(server)]);
      for (const text of texts) {
        const requests = text.match(/^ostiary_requests_total\{.*/gm)?.toSorted();
        const labels = (status: string): string =>
          `{api="orders",client="gold",tier="gold",method="GET",status_class="${status}",outcome="processed"}`;
        expect(requests).toEqual([
          `ostiary_requests_total${labels('2xx')} ${9 * round}`,
          `ostiary_requests_total${labels('5xx')} ${9 * round}`,
        ]);
        expect(text).toContain(`\nostiary_request_duration_seconds_count{api="orders"} ${18 * round}\n`);
        expect(text).toContain(`\nostiary_request_size_bytes_sum{api="orders"} ${18 * 120 * round}\n`);
      }
    }
    // Each is credited where it was decided, so that nothing is waited for.
    await expect
      .poll(async () => sumOf(await metricsOf(server), /^ostiary_analytics_open_decisions (\d+)$/gm), {
        timeout: 10_000,
      })
      .toBe(0);
    // One that is sent to every worker at once counts once.
    const both: [JsonObject, JsonObject] = [await decided(all[0]!), await decided(all[1]!)];
    await Promise.all(all.map((client) => log(client, both)));
    const results = async (): Promise<Record<string, number>> => {
      const found = (await metricsOf(server)).matchAll(
        /^ostiary_access_log_entries_total\{protocol="http",result="(\w+)"\} ([1-9]\d*)$/gm,
      );
      return Object.fromEntries([...found].map(([, result, count]) => [result, Number(count)]));
    };
    await expect.poll(results, { timeout: 10_000 }).toEqual({ counted: 56, repeated: 16 });
  });

  it('are replaced when they die, and the quota they have spent stays spent', async () => {
    const server = await serve();
    const request = check('/orders/1', credentialsOf('many'));
    const [first] = connect(server, 1);
    for (let i = 0; i < 5; i++) await ask(first!, request);
    const before = childrenOf(server);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await expect
      .poll(() => childrenOf(server).filter((pid) => !before.includes(pid)).length, { timeout: 10_000 })
      .toBe(3);
    const [second] = connect(server, 1);
    await expect
      .poll(
        async () =>
          statusOf(
            ask(second!, check('/open/1')).then((code) => Promise.reject(Object.assign(new Error(''), { code }))),
          ),
        { timeout: 10_000 },
      )
      .toMatchObject({ code: 0 });
    expect(await ask(second!, request)).not.toBe(0);
    expect((await fetch(`${server.adminUrl}/livez`)).status).toBe(200);
  });

  it('are replaced when they are stuck', { timeout: 60_000 }, async () => {
    const server = await serve();
    const before = childrenOf(server);
    const [stuck] = before;
    // It lives, and answers nothing.
    process.kill(stuck!, 'SIGSTOP');
    await expect.poll(() => childrenOf(server), { timeout: 30_000, interval: 200 }).not.toContain(stuck);
    await expect.poll(() => childrenOf(server).length, { timeout: 10_000 }).toBe(3);
    expect(childrenOf(server)).toEqual(expect.arrayContaining(before.slice(1)));
    expect(server.output()).toContain('stuck');
    const serving = async (): Promise<number> => sumOf(await metricsOf(server), /^ostiary_workers_serving (\d+)$/gm);
    await expect.poll(serving, { timeout: 10_000 }).toBe(3);
    const lost = sumOf(await metricsOf(server), /^ostiary_workers_lost_total\{reason="stuck"\} (\d+)$/gm);
    expect(lost).toBe(1);
  });

  it('serve on a Unix socket with its permissions', async () => {
    const path = join(scratchFolder('workers'), 's');
    const [client] = connect(await serve(['--listen-mode', '0600'], `unix:${path}`), 1);
    expect(await ask(client!, check('/open/1'))).toBe(0);
    expect(execFileSync('stat', ['-c', '%a', path], { encoding: 'utf8' }).trim()).toBe('600');
  });

  it('serve over TLS', async () => {
    const authority = createAuthority();
    const { certificate, key } = authority.issue('server');
    const { listen } = await serve(['--tls-cert', certificate, '--tls-key', key]);
    const client = new RawClient(
      parseListenAddress(listen, 'listen'),
      credentials.createSsl(contents(authority.certificate)),
    );
    clients.push(client);
    expect(await ask(client, check('/open/1'))).toBe(0);
  });

  it('drain together: in-flight Checks are answered, and the process ends with 0', async () => {
    const server = await serve(['--drain-delay', '2s', '--drain', '1m']);
    const all = connect(server, 6);
    await Promise.all(all.map((client) => ask(client, check('/open/1'))));
    server.signal('SIGTERM');
    const asked = performance.now();
    while (performance.now() - asked < 300) {
      expect(await Promise.all(all.map((client) => ask(client, check('/open/1'))))).toEqual(all.map(() => 0));
      await sleep(10);
    }
    expect(await server.exited).toBe(0);
  });

  it('say what is wrong with the start once for all, and leave nothing running', async () => {
    const policies = documentsFolder(shop);
    const grpcJs = await runOstiary(['serve', '--policies', policies, '--workers', '2', '--transport', 'grpc-js']);
    expect(await grpcJs.exited).toBe(2);
    expect(grpcJs.output()).toMatch(/--workers needs --transport http2/);
    const server = await serve();
    const taken = ['--listen', server.listen, '--admin-listen', '127.0.0.1:0', '--api-listen', '127.0.0.1:0'];
    const second = await runOstiary(['serve', '--policies', policies, '--workers', '2', ...taken]);
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain('the address is in use');
  });
});
