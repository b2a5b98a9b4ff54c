import { once } from 'node:events';
import { create, toBinary } from '@bufbuild/protobuf';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { AccessLogType, HTTPAccessLogEntrySchema } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { StreamAccessLogsMessageSchema } from '../../gen/envoy/service/accesslog/v3/als_pb.js';
import { createAccessLogService } from '../../src/analytics/access-log-service.ts';
import type { EventTaker } from '../../src/analytics/event.ts';
import { Code } from '../../src/grpc/rpc.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { shop } from '../e2e/shop.ts';
import { statusOf } from '../grpc/client.ts';
import type { RawClient } from '../grpc/client.ts';
import { listeners } from '../grpc/fixture.ts';
import { transports } from '../grpc/transports.ts';

const PATH = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';

interface Told {
  readonly metadata?: JsonObject;
  readonly type?: AccessLogType;
  readonly status?: number;
  readonly details?: string;
  readonly hasUpstream?: boolean;
  readonly common?: object;
}

function entry({ metadata, type = AccessLogType.DownstreamEnd, status = 200, ...rest }: Told): Uint8Array {
  const { details = 'via_upstream', hasUpstream = true, common = {} } = rest;
  const init = {
    commonProperties: {
      accessLogType: type,
      ...(hasUpstream && { upstreamRemoteAddress: {} }),
      ...(metadata && { metadata: { filterMetadata: { 'envoy.filters.http.ext_authz': metadata } } }),
      duration: { seconds: 1n, nanos: 500_000_000 },
      ...common,
    },
    request: { requestMethod: 1, requestHeadersBytes: 100n, requestBodyBytes: 20n },
    response: {
      responseCode: status,
      responseCodeDetails: details,
      responseHeadersBytes: 30n,
      responseBodyBytes: 4n,
    },
  };
  const message = create(HTTPAccessLogEntrySchema, init as MessageInitShape<typeof HTTPAccessLogEntrySchema>);
  return toBinary(HTTPAccessLogEntrySchema, message);
}

/** A field of bytes shorter than 2 MiB. */
function block(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length = [(body.length & 0x7f) | 0x80, ((body.length >> 7) & 0x7f) | 0x80, body.length >> 14];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const httpMessage = (...entries: readonly Uint8Array[]): Buffer =>
  block(0x12, ...entries.map((each) => block(0x0a, each)));

const allowed = { api: 'orders', client_id: 'gold-id', tier: 'gold', outcome: 'allow' };

let snapshot: Snapshot;
beforeAll(async () => {
  snapshot = await snapshotOfDocuments(shop);
});

describe.each(transports)('the access log service on $name', ({ transport }) => {
  const serve = listeners(transport);

  async function start(takers: readonly EventTaker[] = []) {
    const registry = new Registry();
    const service = createAccessLogService({
      registry,
      names: () => snapshot,
      now: () => 0,
      newId: () => 'made',
      clientAddress: 'truncated',
      takers,
    });
    const { client } = await serve(service.methods());
    return { registry, service, client };
  }

  /** Sends messages and ends the stream, so that all of them are counted. */
  async function tell(client: RawClient, ...messages: readonly Buffer[]): Promise<void> {
    const stream = client.bidi(PATH);
    for (const message of messages) stream.write(message);
    stream.end();
    expect(await stream.toArray()).toEqual([Buffer.alloc(0)]);
  }

  async function counts(registry: Registry, name: string): Promise<Record<string, number>> {
    const text = await registry.getSingleMetricAsString(name);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  }

  it('counts requests by what the documents say of their caller, and by how they ended', async () => {
    const { registry, client } = await start();
    const denied = {
      api: 'orders',
      outcome: 'deny',
      reason: 'client_rejected',
      policy: 'orders/client-id-enforcement',
    };
    await tell(
      client,
      httpMessage(
        entry({ metadata: allowed }),
        entry({ metadata: allowed, status: 503 }),
        entry({ metadata: allowed, status: 0, details: 'downstream_remote_disconnect' }),
        entry({ metadata: denied, status: 401, details: 'ext_authz_denied', hasUpstream: false }),
      ),
      httpMessage(
        entry({
          metadata: { ...allowed, outcome: 'answer' },
          status: 204,
          details: 'ext_authz_denied',
          hasUpstream: false,
        }),
        entry({}),
        entry({ status: 503, details: 'ext_authz_error', hasUpstream: false }),
        entry({ status: 404, details: 'route_not_found', hasUpstream: false }),
      ),
    );
    const gold = 'api="orders",client="gold",tier="gold",method="GET"';
    const nobody = 'client="",tier="",method="GET"';
    expect(await counts(registry, 'ostiary_requests_total')).toEqual({
      [`{${gold},status_class="2xx",outcome="processed"}`]: 1,
      [`{${gold},status_class="5xx",outcome="processed"}`]: 1,
      [`{${gold},status_class="none",outcome="processed"}`]: 1,
      [`{api="orders",${nobody},status_class="4xx",outcome="blocked"}`]: 1,
      [`{${gold},status_class="2xx",outcome="answered"}`]: 1,
      [`{api="",${nobody},status_class="2xx",outcome="unchecked"}`]: 1,
      [`{api="",${nobody},status_class="5xx",outcome="check_error"}`]: 1,
      [`{api="",${nobody},status_class="4xx",outcome="rejected_by_envoy"}`]: 1,
    });
    expect(await counts(registry, 'ostiary_request_bytes_total')).toEqual({ '{api="orders"}': 600, '{api=""}': 360 });
    expect(await counts(registry, 'ostiary_response_bytes_total')).toEqual({ '{api="orders"}': 170, '{api=""}': 102 });
    const durations = await registry.getSingleMetricAsString('ostiary_request_duration_seconds');
    expect(durations).toContain('_sum{api="orders"} 7.5');
    expect(durations).toContain('_bucket{api="orders",le="1"} 0');
    expect(durations).toContain('_bucket{api="orders",le="2.5"} 5');
  });

  it('counts a request once, though Envoy tells of it several times', async () => {
    const { registry, client } = await start();
    const { DownstreamStart, DownstreamPeriodic, DownstreamEnd, UpstreamEnd, NotSet } = AccessLogType;
    const types = [DownstreamStart, DownstreamPeriodic, UpstreamEnd, DownstreamEnd, NotSet];
    const older = entry({ metadata: allowed, type: NotSet, common: { intermediateLogEntry: true } });
    const underWay = block(0x0a, block(0x0a, Buffer.from([0x88, 0x02, 0x01])));
    const tcp = block(0x1a, block(0x0a), underWay, block(0x0a));
    await tell(client, httpMessage(...types.map((type) => entry({ metadata: allowed, type })), older), tcp);
    expect(Object.values(await counts(registry, 'ostiary_requests_total'))).toEqual([2, 2]);
    expect(await counts(registry, 'ostiary_access_log_entries_total')).toEqual({
      '{protocol="http",result="counted"}': 2,
      '{protocol="http",result="ignored"}': 4,
      '{protocol="http",result="malformed"}': 0,
      '{protocol="tcp",result="counted"}': 2,
      '{protocol="tcp",result="ignored"}': 1,
    });
  });

  it('goes on after an entry that is malformed, and after a message', async () => {
    const { registry, client } = await start();
    const good = entry({ metadata: allowed });
    const cut = good.subarray(0, -1);
    await tell(client, httpMessage(good, cut, good), Buffer.concat([httpMessage(good), Buffer.from([0x12, 0x7f])]));
    await tell(client, Buffer.from('garbage'), httpMessage(good));
    const entries = await counts(registry, 'ostiary_access_log_entries_total');
    expect(entries['{protocol="http",result="counted"}']).toBe(4);
    expect(entries['{protocol="http",result="malformed"}']).toBe(3);
  });

  it('makes no series of names that no document has', async () => {
    const { registry, client } = await start();
    const made = Array.from({ length: 300 }, (_, index) => [
      entry({ metadata: { ...allowed, api: `made-up-${index}` } }),
      entry({ metadata: { ...allowed, client_id: `made-up-${index}` } }),
      entry({ metadata: { ...allowed, tier: `made-up-${index}` } }),
      entry({ metadata: { ...allowed, outcome: `made-up-${index}` }, status: 1000 + index, hasUpstream: true }),
    ]);
    await tell(client, httpMessage(...made.flat()));
    expect(await counts(registry, 'ostiary_requests_total')).toEqual({
      '{api="_other",client="gold",tier="_other",method="GET",status_class="2xx",outcome="processed"}': 300,
      '{api="orders",client="_other",tier="gold",method="GET",status_class="2xx",outcome="processed"}': 300,
      '{api="orders",client="gold",tier="_other",method="GET",status_class="2xx",outcome="processed"}': 300,
      '{api="orders",client="gold",tier="gold",method="GET",status_class="none",outcome="unchecked"}': 300,
    });
  });

  it('reads what protobuf-es writes', async () => {
    const { registry, client } = await start();
    const logEntry = [create(HTTPAccessLogEntrySchema, { commonProperties: { accessLogType: 6 } })];
    const message = create(StreamAccessLogsMessageSchema, {
      identifier: { logName: 'ostiary', node: { id: 'front-1' } },
      logEntries: { case: 'httpLogs', value: { logEntry } },
    });
    await tell(client, Buffer.from(toBinary(StreamAccessLogsMessageSchema, message)));
    expect(await counts(registry, 'ostiary_access_log_streams')).toEqual({ '': 0 });
    expect(Object.values(await counts(registry, 'ostiary_requests_total'))).toEqual([1]);
  });

  it('ends every stream when it closes, and each that comes after', async () => {
    const { registry, service, client } = await start();
    const stream = client.bidi(PATH);
    stream.resume();
    stream.write(httpMessage(entry({ metadata: allowed })));
    await expect.poll(() => counts(registry, 'ostiary_access_log_streams').catch(() => ({}))).toEqual({ '': 1 });
    const ended = statusOf(once(stream, 'end'));
    service.close();
    expect((await ended).code).toBe(Code.unavailable);
    const late = client.bidi(PATH);
    late.resume();
    expect((await statusOf(once(late, 'end'))).code).toBe(Code.unavailable);
  });
});
