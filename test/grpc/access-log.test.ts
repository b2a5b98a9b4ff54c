import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import type { HTTPAccessLogEntry } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { StreamAccessLogsMessageSchema } from '../../gen/envoy/service/accesslog/v3/als_pb.js';
import type { Method } from '../../src/grpc/rpc.ts';
import type { ListenAddress } from '../../src/listen/address.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { loggingEnvoy } from './access-log-envoy.ts';
import { listeners } from './fixture.ts';
import { transports } from './transports.ts';

const MISSING = (await partOrSkip('envoy')) === undefined;
const PATIENCE = { timeout: 15_000 };

let envoy: RealEnvoy | undefined;
afterEach(() => envoy?.stop());

/** Envoy's access log service, and what it was told. */
function accessLogService() {
  const told = { streams: 0, messages: 0, bytes: 0, names: [] as string[], entries: [] as HTTPAccessLogEntry[] };
  const method: Method = {
    kind: 'bidirectional',
    path: '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
    async *handle(requests) {
      told.streams++;
      for await (const request of requests) {
        const { identifier, logEntries } = fromBinary(StreamAccessLogsMessageSchema, request);
        told.messages++;
        told.bytes += request.length;
        if (identifier !== undefined) told.names.push(`${identifier.node?.id} ${identifier.logName}`);
        if (logEntries.case === 'httpLogs') told.entries.push(...logEntries.value.logEntry);
      }
      yield new Uint8Array();
    },
  };
  return { told, method };
}

describe.skipIf(MISSING).each(transports)('the access log of a real Envoy, streamed to $name', ({ transport }) => {
  const serve = listeners(transport);
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${envoy?.port('in')}${path}`, { headers });
    expect(await response.text()).toBe('passed');
  };

  it('arrives whole, on one stream through all flushes, more of it than any window holds', async () => {
    const { told, method } = accessLogService();
    const { listener } = await serve([method]);
    envoy = await startEnvoy(loggingEnvoy(listener.address as ListenAddress & { kind: 'tcp' }));
    const long = 'l'.repeat(16_000);
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => ask(`/${round * 10 + index}`, { 'x-long': long })));
      // While its stream has no room Envoy gathers everything in one message, in the end one too large for the server.
      await expect.poll(() => told.entries.length, { ...PATIENCE, interval: 5 }).toBe(10 * (round + 1));
    }
    expect(told.bytes).toBeGreaterThan(4 * 1024 * 1024);
    expect(told.messages).toBeGreaterThan(10);
    expect([told.streams, told.names]).toEqual([1, ['front-1 front']]);
    const paths = told.entries.map(({ request }) => request?.path);
    expect(new Set(paths)).toEqual(new Set(Array.from({ length: 300 }, (_, index) => `/${index}`)));
    for (const { request, response } of told.entries) {
      expect([request?.requestMethod, request?.requestHeaders['x-long']]).toEqual([1, long]);
      expect([response?.responseCode, response?.responseBodyBytes]).toEqual([200, 6n]);
    }
  }, 60_000);

  it('goes on at the next server when one has drained, which cuts the stream that never ends', async () => {
    const { told, method } = accessLogService();
    const first = (await serve([method])).listener;
    const address = first.address as ListenAddress & { kind: 'tcp' };
    envoy = await startEnvoy(loggingEnvoy(address));
    await ask('/before');
    await expect.poll(() => told.entries.length, PATIENCE).toBe(1);
    await first.drain(500);
    await serve([method], { address });
    // What is logged while no server listens is lost, as Envoy's documentation says.
    await expect
      .poll(async () => {
        await ask('/after');
        return told.streams;
      }, PATIENCE)
      .toBe(2);
    await expect.poll(() => told.entries.at(-1)?.request?.path, PATIENCE).toBe('/after');
    expect(told.names).toEqual(['front-1 front', 'front-1 front']);
  }, 60_000);
});
