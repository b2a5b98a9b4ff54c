import type { JsonObject } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { AccessLog } from '../../src/analytics/access-log.ts';
import { tellDecisions } from '../../src/analytics/cube-feed.ts';
import { expose, textOf } from '../../src/observe/exposition.ts';
import type { Scraped, SharedFamily } from '../../src/observe/exposition.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import { Cube } from '../../src/rollup/cube.ts';
import type { Slot } from '../../src/rollup/slot.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { shop } from '../e2e/shop.ts';
import { HandTime } from '../rollup/hand-timers.ts';
import { entry, httpMessage } from './log-message.ts';
import { noSharing } from '../../src/analytics/sharing.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { decide, openAccounts } from './decided.ts';

const NOW = 1_790_000_000_000;
const ALLOWED = { api: 'orders', client_id: 'gold-id', tier: 'gold', outcome: 'allow' };

let snapshot: Snapshot;
beforeAll(async () => {
  snapshot = await snapshotOfDocuments(shop);
});

function start() {
  const scraped = { registry: new Registry(), families: [] as SharedFamily[] };
  const cube = new Cube({ node: 'front', epoch: '0badcafe', mostSeries: 1000 }, new HandTime(NOW));
  const slots: Slot[] = [];
  cube.addTaker({ take: (slot) => slots.push(slot) });
  const accounts = openAccounts();
  const log = new AccessLog({
    ...scraped,
    mostSeries: 1000,
    seed: 7,
    cube: () => cube,
    names: () => snapshot,
    now: () => NOW,
    newId: () => 'made',
    clientAddress: 'none',
    takers: [],
    streams: () => 1,
    accounts,
    sharing: noSharing,
    timers: systemTimers,
    monotonic: () => systemClock.monotonic(),
    log: { warn() {} },
  });
  /** What the answer to a Check tells. */
  const decided = (told: JsonObject, durationMs = 0): JsonObject => {
    return { ...told, id: decide(accounts, told, '', durationMs) };
  };
  return { scraped, cube, slots, decided, tell: (message: Buffer) => log.open().take(message) };
}

async function counts(scraped: Scraped, name: string): Promise<Record<string, number>> {
  const text = await textOf(expose(undefined, () => scraped));
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

describe('requests that have ended', () => {
  it('tell who called whom, and the trace of a slow request', async () => {
    const { scraped, tell, decided } = start();
    const uri = (id: string): object => ({
      upstreamCluster: 'orders',
      tlsProperties: { peerCertificateProperties: { subjectAltName: [{ san: { case: 'uri', value: id } }] } },
    });
    const web = 'spiffe://shop.example/ns/shop/sa/web';
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await tell(
      httpMessage(
        entry({ metadata: decided(ALLOWED), common: uri(web), headers: { traceparent } }),
        entry({ metadata: decided(ALLOWED), common: uri(web) }),
        entry({ metadata: decided(ALLOWED), common: uri('no workload') }),
      ),
    );
    expect(await counts(scraped, 'ostiary_edge_requests_total')).toEqual({
      [`{source="${web}",api="orders",service="orders",status_class="2xx"}`]: 2,
    });
    const text = await textOf(expose('application/openmetrics-text', () => scraped));
    expect(text.split('\n').filter((line) => line.includes('trace_id'))).toEqual([
      'ostiary_request_duration_seconds_bucket{api="orders",le="2.048"} 3 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 1.5 1790000000',
    ]);
  });

  it('are counted in slots, by all that the documents and the entry say', async () => {
    const { cube, slots, tell, decided } = start();
    const common = { upstreamCluster: 'orders' };
    const metadata = { ...ALLOWED, contract: 'gold-orders', ext_authz_duration: 3 };
    await tell(
      httpMessage(
        entry({ metadata: decided(metadata, 2), common }),
        entry({ metadata: decided(metadata, 2), common }),
        entry({ metadata: decided({ ...metadata, client_id: 'made-up' }), common }),
      ),
    );
    cube.close();
    const [slot] = slots;
    expect(slot?.startMs).toBe(1_790_000_000_000);
    const key = ['orders', '/orders', 'gold', 'gold-orders', 'gold', 'GET', '200', 'processed', '', '', '', 'orders'];
    expect(slot?.rows).toEqual([
      {
        key,
        count: 2,
        requestBytes: 240,
        responseBytes: 68,
        durationCount: 2,
        durationMs: 3000,
        policyMs: 4,
        durations: [84, 2],
      },
      expect.objectContaining({ key: key.with(2, '_other').with(3, '_other'), count: 1 }),
    ]);
  });

  it('are told with the decisions whose entries have not come, and with their corrections', () => {
    const { cube, slots } = start();
    const lost = { api: 'orders', client: 'gold', contract: 'gold-orders', tier: 'gold', policy: '', reason: '' };
    const spans = [
      { startMs: NOW - 20_000, decided: 0, reported: -1, unreported: 3, unknown: -2, rows: [{ ...lost, count: 3 }] },
      { startMs: NOW, decided: 5, reported: 4, unreported: 0, unknown: 0, rows: [] },
    ];
    cube.beforeSlots(() => tellDecisions(cube, spans.splice(0)));
    cube.close();
    const key = ['orders', '', 'gold', 'gold-orders', 'gold', '', '', 'unreported', '', '', '', ''];
    expect(slots.map(({ startMs, completeness, rows }) => [startMs - NOW, completeness, rows])).toEqual([
      [
        -20_000,
        { decided: 0, reported: -1, unreported: 3, unknown: -2 },
        [expect.objectContaining({ key, count: 3, durationCount: 0, durations: [] })],
      ],
      [0, { decided: 5, reported: 4, unreported: 0, unknown: 0 }, []],
    ]);
  });
});
