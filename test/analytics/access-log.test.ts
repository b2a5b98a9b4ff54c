import type { JsonObject } from '@bufbuild/protobuf';
import { once } from 'node:events';
import { create, toBinary } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { AccessLogType, HTTPAccessLogEntrySchema } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { StreamAccessLogsMessageSchema } from '../../gen/envoy/service/accesslog/v3/als_pb.js';
import { createAccessLogService } from '../../src/analytics/access-log-service.ts';
import { noSharing } from '../../src/analytics/sharing.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import type { EventTaker } from '../../src/analytics/event.ts';
import { Code } from '../../src/grpc/rpc.ts';
import { expose, textOf } from '../../src/observe/exposition.ts';
import type { Scraped, SharedFamily } from '../../src/observe/exposition.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { shop } from '../e2e/shop.ts';
import { statusOf } from '../grpc/client.ts';
import type { RawClient } from '../grpc/client.ts';
import { listeners } from '../grpc/fixture.ts';
import { decide, openAccounts } from './decided.ts';
import { transports } from '../grpc/transports.ts';
import { block, entry, httpMessage } from './log-message.ts';

const PATH = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';

const ALLOWED = { api: 'orders', client_id: 'gold-id', tier: 'gold', outcome: 'allow' };

let snapshot: Snapshot;
beforeAll(async () => {
  snapshot = await snapshotOfDocuments(shop);
});

describe.each(transports)('the access log service on $name', ({ transport }) => {
  const serve = listeners(transport);

  async function start(takers: readonly EventTaker[] = []) {
    const accounts = openAccounts();
    const scraped = { registry: new Registry(), families: [] as SharedFamily[] };
    const service = createAccessLogService({
      ...scraped,
      mostSeries: 1000,
      seed: 7,
      cube: () => undefined,
      accounts,
      sharing: noSharing,
      timers: systemTimers,
      monotonic: () => systemClock.monotonic(),
      log: { warn() {} },
      names: () => snapshot,
      now: () => 1_790_000_000_000,
      newId: () => 'made',
      clientAddress: 'truncated',
      takers,
    });
    const { client } = await serve(service.methods());
    /** What the answer to a Check tells. */
    const decided = (told: JsonObject): JsonObject => ({ ...told, id: decide(accounts, told) });
    return { scraped, service, client, decided };
  }

  /** Sends messages and ends the stream, so that all of them are counted. */
  async function tell(client: RawClient, ...messages: readonly Buffer[]): Promise<void> {
    const stream = client.bidi(PATH);
    for (const message of messages) stream.write(message);
    stream.end();
    expect(await stream.toArray()).toEqual([Buffer.alloc(0)]);
  }

  async function counts(scraped: Scraped, name: string): Promise<Record<string, number>> {
    const text = await textOf(expose(undefined, () => scraped));
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return Object.fromEntries(
      lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  }

  /** Of entries of HTTP, without those that are 0. */
  async function results(scraped: Scraped): Promise<Record<string, number>> {
    const all = Object.entries(await counts(scraped, 'ostiary_access_log_entries_total'));
    const some = all.filter(([labels, count]) => labels.includes('"http"') && count > 0);
    return Object.fromEntries(some.map(([labels, count]) => [/result="(\w+)"/.exec(labels)?.[1], count]));
  }

  it('counts requests by what the documents say of their caller, and by how they ended', async () => {
    const { scraped, client, decided } = await start();
    const denied = {
      api: 'orders',
      outcome: 'deny',
      reason: 'client_rejected',
      policy: 'orders/client-id-enforcement',
    };
    await tell(
      client,
      httpMessage(
        entry({ metadata: decided(ALLOWED) }),
        entry({ metadata: decided(ALLOWED), status: 503 }),
        entry({ metadata: decided(ALLOWED), status: 0, details: 'downstream_remote_disconnect' }),
        entry({ metadata: decided(denied), status: 401, details: 'ext_authz_denied', hasUpstream: false }),
      ),
      httpMessage(
        entry({
          metadata: decided({ ...ALLOWED, outcome: 'answer' }),
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
    expect(await counts(scraped, 'ostiary_requests_total')).toEqual({
      [`{${gold},status_class="2xx",outcome="processed"}`]: 1,
      [`{${gold},status_class="5xx",outcome="processed"}`]: 1,
      [`{${gold},status_class="none",outcome="processed"}`]: 1,
      [`{api="orders",${nobody},status_class="4xx",outcome="blocked"}`]: 1,
      [`{${gold},status_class="2xx",outcome="answered"}`]: 1,
      [`{api="",${nobody},status_class="2xx",outcome="unchecked"}`]: 1,
      [`{api="",${nobody},status_class="5xx",outcome="check_error"}`]: 1,
      [`{api="",${nobody},status_class="4xx",outcome="rejected_by_envoy"}`]: 1,
    });
    const sum = (name: string): Promise<Record<string, number>> => counts(scraped, `${name}_sum`);
    expect(await sum('ostiary_request_size_bytes')).toEqual({ '{api="orders"}': 600, '{api=""}': 360 });
    expect(await sum('ostiary_response_size_bytes')).toEqual({ '{api="orders"}': 170, '{api=""}': 102 });
    expect(await counts(scraped, 'ostiary_policy_violations_total')).toEqual({
      '{api="orders",policy="orders/client-id-enforcement",reason="client_rejected"}': 1,
    });
    expect(await sum('ostiary_request_duration_seconds')).toEqual({ '{api="orders"}': 7.5, '{api=""}': 4.5 });
    const buckets = await counts(scraped, 'ostiary_request_duration_seconds_bucket');
    expect(buckets['{api="orders",le="1.024"}']).toBe(0);
    expect(buckets['{api="orders",le="2.048"}']).toBe(5);
  });

  it('counts a request once, though Envoy tells of it several times', async () => {
    const { scraped, client, decided } = await start();
    const { DownstreamStart, DownstreamPeriodic, DownstreamEnd, UpstreamEnd, NotSet } = AccessLogType;
    const types = [DownstreamStart, DownstreamPeriodic, UpstreamEnd, DownstreamEnd, NotSet];
    const older = entry({ metadata: decided(ALLOWED), type: NotSet, common: { intermediateLogEntry: true } });
    const underWay = block(0x0a, block(0x0a, Buffer.from([0x88, 0x02, 0x01])));
    const tcp = block(0x1a, block(0x0a), underWay, block(0x0a));
    await tell(client, httpMessage(...types.map((type) => entry({ metadata: decided(ALLOWED), type })), older), tcp);
    expect(Object.values(await counts(scraped, 'ostiary_requests_total'))).toEqual([2, 2]);
    expect(await counts(scraped, 'ostiary_access_log_entries_total')).toMatchObject({
      '{protocol="http",result="counted"}': 2,
      '{protocol="http",result="ignored"}': 4,
      '{protocol="http",result="malformed"}': 0,
      '{protocol="tcp",result="counted"}': 2,
      '{protocol="tcp",result="ignored"}': 1,
    });
  });

  it('goes on after an entry that is malformed, and after a message', async () => {
    const { scraped, client } = await start();
    const good = entry({});
    const cut = good.subarray(0, -1);
    await tell(client, httpMessage(good, cut, good), Buffer.concat([httpMessage(good), Buffer.from([0x12, 0x7f])]));
    await tell(client, Buffer.from('garbage'), httpMessage(good));
    const entries = await counts(scraped, 'ostiary_access_log_entries_total');
    expect(entries['{protocol="http",result="counted"}']).toBe(4);
    expect(entries['{protocol="http",result="malformed"}']).toBe(3);
  });

  it('makes no series of names that no document has', async () => {
    const { scraped, client, decided } = await start();
    const made = Array.from({ length: 300 }, (_, index) => [
      entry({ metadata: decided({ ...ALLOWED, api: `made-up-${index}` }) }),
      entry({ metadata: decided({ ...ALLOWED, client_id: `made-up-${index}` }) }),
      entry({ metadata: decided({ ...ALLOWED, tier: `made-up-${index}` }) }),
      entry({ metadata: { ...ALLOWED, outcome: `made-up-${index}` } }),
      // Without a decision the names are nobody's.
      entry({ metadata: { api: `made-up-${index}`, client_id: 'gold-id' }, status: 1000 + index }),
    ]);
    await tell(client, httpMessage(...made.flat()));
    expect(await counts(scraped, 'ostiary_requests_total')).toEqual({
      '{api="_other",client="gold",tier="_other",method="GET",status_class="2xx",outcome="processed"}': 300,
      '{api="orders",client="_other",tier="gold",method="GET",status_class="2xx",outcome="processed"}': 300,
      '{api="orders",client="gold",tier="_other",method="GET",status_class="2xx",outcome="processed"}': 300,
      '{api="",client="",tier="",method="GET",status_class="none",outcome="unchecked"}': 300,
    });
    expect(await results(scraped)).toEqual({ counted: 1200, unverified: 300 });
  });

  it('counts each id once, and no id that was made up, or is of another decision', async () => {
    const { scraped, client, decided } = await start();
    const good = decided(ALLOWED);
    const [other, denied] = [decided(ALLOWED), decided({ api: 'orders', outcome: 'deny', reason: 'client_rejected' })];
    const text = good['id'] as string;
    const foreign = decide(openAccounts(), ALLOWED);
    const made = (id: string): Uint8Array => entry({ metadata: { ...ALLOWED, id } });
    await tell(
      client,
      httpMessage(entry({ metadata: good }), entry({ metadata: good }), made(text.slice(0, 24) + 'AAAA')),
      // Its epoch is right, its tag is not.
      httpMessage(made(text.slice(0, 20) + (other['id'] as string).slice(20)), made('x'.repeat(28)), made('short')),
      httpMessage(made(foreign), made(text.slice(0, 6) + '_'.repeat(22)), entry({ metadata: ALLOWED })),
      httpMessage(
        entry({ metadata: { ...other, client_id: 'silver-id' } }),
        entry({ metadata: { ...denied, outcome: 'allow' } }),
      ),
    );
    expect(await results(scraped)).toEqual({
      counted: 1,
      repeated: 2,
      forged: 3,
      foreign: 2,
      unverified: 1,
      mismatched: 2,
    });
    expect(Object.values(await counts(scraped, 'ostiary_requests_total'))).toEqual([1]);
    // What was wrong in one entry takes nothing from the right one.
    await tell(client, httpMessage(entry({ metadata: other }), entry({ metadata: denied })));
    expect(await results(scraped)).toMatchObject({ counted: 3 });
  });

  it('reads what protobuf-es writes', async () => {
    const { scraped, client } = await start();
    const logEntry = [create(HTTPAccessLogEntrySchema, { commonProperties: { accessLogType: 6 } })];
    const message = create(StreamAccessLogsMessageSchema, {
      identifier: { logName: 'ostiary', node: { id: 'front-1' } },
      logEntries: { case: 'httpLogs', value: { logEntry } },
    });
    await tell(client, Buffer.from(toBinary(StreamAccessLogsMessageSchema, message)));
    expect(await counts(scraped, 'ostiary_access_log_streams')).toEqual({ '': 0 });
    expect(Object.values(await counts(scraped, 'ostiary_requests_total'))).toEqual([1]);
  });

  it('ends every stream when it closes, and each that comes after', async () => {
    const { scraped, service, client, decided } = await start();
    const stream = client.bidi(PATH);
    stream.resume();
    stream.write(httpMessage(entry({ metadata: decided(ALLOWED) })));
    await expect.poll(() => counts(scraped, 'ostiary_access_log_streams').catch(() => ({}))).toEqual({ '': 1 });
    const ended = statusOf(once(stream, 'end'));
    service.close();
    expect((await ended).code).toBe(Code.unavailable);
    const late = client.bidi(PATH);
    late.resume();
    expect((await statusOf(once(late, 'end'))).code).toBe(Code.unavailable);
  });
});
