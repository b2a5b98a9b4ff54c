// Entries of Envoy's access log, decoded and counted, beside protobuf-es. Run: node bench/access-log.ts
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { HTTPAccessLogEntrySchema } from '../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { StreamAccessLogsMessageSchema } from '../gen/envoy/service/accesslog/v3/als_pb.js';
import { createEventMaker } from '../src/analytics/make-event.ts';
import { EntryReader } from '../src/analytics/read-message.ts';
import { CubeFeed } from '../src/analytics/cube-feed.ts';
import { createRequestFamilies } from '../src/analytics/request-families.ts';
import { RequestKey } from '../src/analytics/request-key.ts';
import type { Names } from '../src/analytics/request-key.ts';
import { RequestMetrics } from '../src/analytics/request-metrics.ts';
import { systemClock, systemTimers } from '../src/clock.ts';
import { createDirectory } from '../src/contract/directory.ts';
import { Cube } from '../src/rollup/cube.ts';
import type { Api } from '../src/snapshot/snapshot.ts';
import { median, nanosecondsPerCall } from './timing.ts';

const ENTRIES = 20;
const ROUNDS = 7;

const address = (host: string, port: number) => ({
  address: {
    case: 'socketAddress' as const,
    value: { address: host, portSpecifier: { case: 'portValue' as const, value: port } },
  },
});
const ms = (count: number) => ({ nanos: count * 1_000_000 });

/** With the fields that Envoy 1.40 fills. */
function entry(index: number): MessageInitShape<typeof HTTPAccessLogEntrySchema> {
  const decision = {
    api: 'orders',
    client_id: `client-${index}`,
    client_name: `web-shop-${index}`,
    contract: `web-shop-${index}-orders`,
    tier: 'gold',
    outcome: 'allow',
    ext_authz_duration: 2,
  };
  return {
    commonProperties: {
      downstreamRemoteAddress: address('10.1.2.3', 40_000 + index),
      downstreamLocalAddress: address('10.1.2.4', 8080),
      downstreamDirectRemoteAddress: address('10.1.2.3', 40_000 + index),
      upstreamRemoteAddress: address('10.1.2.5', 8080),
      upstreamLocalAddress: address('10.1.2.4', 50_000),
      startTime: { seconds: 1_790_000_000n, nanos: 5 },
      timeToLastRxByte: ms(1),
      timeToFirstUpstreamTxByte: ms(3),
      timeToLastUpstreamTxByte: ms(3),
      timeToFirstUpstreamRxByte: ms(9),
      timeToLastUpstreamRxByte: ms(9),
      timeToFirstDownstreamTxByte: ms(10),
      timeToLastDownstreamTxByte: ms(10),
      duration: ms(10),
      upstreamCluster: 'outbound|8080||orders.shop.svc.cluster.local',
      routeName: 'orders',
      metadata: { filterMetadata: { 'envoy.filters.http.ext_authz': decision } },
      upstreamRequestAttemptCount: 1,
      streamId: '9f9ab6a1-5c0d-4b0f-9d8c-1f1d4a1c2b3d',
      downstreamWireBytesSent: 500n,
      downstreamWireBytesReceived: 400n,
      upstreamWireBytesSent: 400n,
      upstreamWireBytesReceived: 500n,
      accessLogType: 6,
    },
    protocolVersion: 2,
    request: {
      requestMethod: 1,
      scheme: 'https',
      authority: 'orders.example.com',
      path: `/orders/${index}?expand=items`,
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
      forwardedFor: '203.0.113.9,10.1.2.3',
      requestId: '0d6e1b6e-62b2-9d1f-a8a3-1b1d4a1c2b3d',
      requestHeadersBytes: 900n,
    },
    response: {
      responseCode: 200,
      responseHeadersBytes: 150n,
      responseBodyBytes: 2048n,
      responseTrailers: { 'grpc-status': '0' },
      responseCodeDetails: 'via_upstream',
    },
  };
}

const MESSAGE = Buffer.from(
  toBinary(
    StreamAccessLogsMessageSchema,
    create(StreamAccessLogsMessageSchema, {
      logEntries: {
        case: 'httpLogs',
        value: {
          logEntry: Array.from({ length: ENTRIES }, (_, index) => create(HTTPAccessLogEntrySchema, entry(index))),
        },
      },
    }),
  ),
);

const clients = Array.from({ length: ENTRIES }, (_, index) => ({
  name: `web-shop-${index}`,
  clientId: `client-${index}`,
  secrets: [],
}));
const TIER = { name: 'gold', limits: [] };
const API = { name: 'orders', basePath: '/orders', labels: {}, tiers: [TIER], access: [], quota: [] } as unknown as Api;
const contracts = clients.map((client) => ({
  name: `${client.name}-orders`,
  api: 'orders',
  client,
  status: 'approved' as const,
  tier: TIER,
}));
const names = { apiNamed: () => API, directory: createDirectory(clients, contracts), reasons: {} } as unknown as Names;
const BOUNDS = { mostSeries: 50_000, seed: 1 };
const metrics = new RequestMetrics(createRequestFamilies(BOUNDS));
const cube = new Cube({ node: 'bench', epoch: '00000001', ...BOUNDS }, { clock: systemClock, timers: systemTimers });
const slots = new CubeFeed(() => cube);
const key = new RequestKey();

/** As `AccessLog` does: for Prometheus and for slots. */
function ours(isCounted = true): number {
  const reader = new EntryReader(MESSAGE);
  let count = 0;
  for (let next = reader.next(); typeof next === 'object'; next = reader.next()) {
    if (isCounted) {
      key.read(next, names, true);
      metrics.ended(next, key, 0);
      slots.ended(next, key);
    }
    count += 1;
  }
  return count;
}

const toEvent = createEventMaker({ names: () => names, now: () => 0, newId: () => 'made', clientAddress: 'truncated' });

/** For sinks, which get an object. */
function events(): number {
  const reader = new EntryReader(MESSAGE);
  let count = 0;
  for (let next = reader.next(); typeof next === 'object'; next = reader.next()) {
    count += toEvent(next, 'sidecar').status === 200 ? 1 : 0;
  }
  return count;
}

/** Decodes alone, and counts nothing. */
function library(): number {
  const { logEntries } = fromBinary(StreamAccessLogsMessageSchema, MESSAGE);
  return logEntries.case === 'httpLogs' ? logEntries.value.logEntry.length : Number.NaN;
}

const perSecond = (work: () => number, calls: number): number => (1e9 / nanosecondsPerCall(work, calls, 1)) * ENTRIES;
const RATES = { ours: [] as number[], read: [] as number[], events: [] as number[], library: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  RATES.ours.push(perSecond(ours, 2000));
  RATES.read.push(perSecond(() => ours(false), 2000));
  RATES.events.push(perSecond(events, 1000));
  RATES.library.push(perSecond(library, 200));
}
const [own, read, other] = [median(RATES.ours), median(RATES.read), median(RATES.library)];
const withEvent = median(RATES.events);
console.log(`entries of ${Math.round(MESSAGE.length / ENTRIES)} bytes, medians of ${ROUNDS} alternating rounds`);
console.log(`read and counted          ${own.toFixed(0).padStart(8)} entries/s of a core`);
console.log(`read alone                ${read.toFixed(0).padStart(8)} entries/s of a core`);
console.log(`counting an entry         ${(1e6 / own - 1e6 / read).toFixed(2).padStart(8)} µs`);
console.log(`making an event           ${(1e6 / withEvent - 1e6 / read).toFixed(2).padStart(8)} µs`);
console.log(`read by protobuf-es alone ${other.toFixed(0).padStart(8)} entries/s of a core`);
console.log(`ratio                     ${(own / other).toFixed(1).padStart(8)}`);
