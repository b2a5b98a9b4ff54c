import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequestFamilies } from '../../src/analytics/request-families.ts';
import type { RequestFamilies } from '../../src/analytics/request-families.ts';
import { expose, inTurn, textOf } from '../../src/observe/exposition.ts';
import type { SharedFamily } from '../../src/observe/exposition.ts';
import { MergedFamilies, partOf } from '../../src/observe/merged-families.ts';
import type { SeriesPart, SeriesSource } from '../../src/observe/merged-families.ts';
import { Registry } from '../../src/observe/prometheus.ts';

const made = (): RequestFamilies => createRequestFamilies({ mostSeries: 20_000, seed: 1 });

/** As another process answers: what comes went through JSON. */
class Peer implements SeriesSource {
  readonly families: RequestFamilies = made();
  asked = 0;
  keysTold = 0;
  isSilent = false;

  async series(place: Parameters<SeriesSource['series']>[0]): Promise<SeriesPart | undefined> {
    await turn();
    this.asked += 1;
    if (this.isSilent) return undefined;
    const part = JSON.parse(JSON.stringify(partOf(this.families.all, place))) as SeriesPart;
    this.keysTold += part.keys.length;
    return part;
  }
}

interface Counted {
  readonly peer: number;
  readonly client: string;
  readonly ms: number;
}

function count({ requests, byApi, durations }: RequestFamilies, { client, ms }: Counted): void {
  requests.add(['orders', client, 'gold', 'GET', '2xx', 'processed'], 1);
  durations.observe(byApi.rowOf([client]), ms, '', 0);
}

async function linesOf(families: readonly SharedFamily[]): Promise<string[]> {
  const text = await textOf(expose(undefined, () => ({ registry: new Registry(), families })));
  return text.split('\n').toSorted();
}

describe('families of several processes', () => {
  it('are what one process would have that had counted all, scrape after scrape', async () => {
    const counted = fc.record({
      peer: fc.nat(2),
      client: fc.constantFrom('a', 'b', 'c "d"\n', ''),
      ms: fc.integer({ min: 0, max: 500 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(counted, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }),
        async (scrapes) => {
          const peers = [new Peer(), new Peer(), new Peer()];
          const whole = made();
          const merged = new MergedFamilies(async () => made().all);
          for (const scrape of scrapes) {
            for (const each of scrape) {
              count((peers[each.peer] as Peer).families, each);
              count(whole, each);
            }
            const families = await merged.merge(peers);
            expect(await linesOf(families)).toEqual(await linesOf(whole.all));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('have the latest exemplar of each bucket, of processes that still tell theirs', async () => {
    const peers = [new Peer(), new Peer()];
    const observed = [
      [0, 3, 'first', 1000],
      [1, 3, 'later', 3000],
      [0, 3, 'between', 2000],
      [0, 100, 'slow', 500],
    ] as const;
    for (const [peer, ms, traceId, at] of observed) {
      const { byApi, durations } = (peers[peer] as Peer).families;
      durations.observe(byApi.rowOf(['orders']), ms, traceId, at);
    }
    const merged = new MergedFamilies(async () => made().all);
    const exemplars = async (): Promise<string[]> => {
      const families = await merged.merge(peers);
      const accept = 'application/openmetrics-text; version=1.0.0';
      const text = await textOf(expose(accept, () => ({ registry: new Registry(), families })));
      return [...text.matchAll(/le="([\d.]+)"\} \d+ # (.*)/g)].map(([, le, told]) => `${le} ${told}`);
    };
    const slow = '0.128 {trace_id="slow"} 0.1 0.5';
    expect(await exemplars()).toEqual(['0.004 {trace_id="later"} 0.003 3', slow]);
    (peers[1] as Peer).isSilent = true;
    expect(await exemplars()).toEqual(['0.004 {trace_id="between"} 0.003 2', slow]);
  });

  it('are none where nothing was counted', async () => {
    const source: SeriesSource = { series: async (place) => partOf([], place) };
    const merged = new MergedFamilies(() => Promise.reject(new Error('not needed')));
    expect(await merged.merge([source])).toEqual([]);
  });

  it('come in parts, and tell labels once', async () => {
    const peer = new Peer();
    for (let at = 0; at < 15_000; at++) {
      peer.families.requests.add(['orders', `client-${at}`, 'gold', 'GET', '2xx', 'processed'], 1);
    }
    const merged = new MergedFamilies(async () => made().all);
    await merged.merge([peer]);
    expect(peer.keysTold).toBe(15_000);
    expect(peer.asked).toBeGreaterThan(peer.families.all.length);
    count(peer.families, { peer: 0, client: 'late', ms: 1 });
    const lines = await linesOf(await merged.merge([peer]));
    expect(lines).toEqual(await linesOf(peer.families.all));
    // A counter, and the three histograms that share their series.
    expect(peer.keysTold).toBe(15_004);
  });

  it('leave out a process that does not answer', async () => {
    const [one, other] = [new Peer(), new Peer()];
    for (const { families } of [one, other]) count(families, { peer: 0, client: 'a', ms: 1 });
    other.isSilent = true;
    const merged = new MergedFamilies(async () => made().all);
    expect(await linesOf(await merged.merge([one, other]))).toEqual(await linesOf(one.families.all));
  });
});

describe('scrapes of shared memory', () => {
  it('are made one after the other, whoever reads, and go on after a failure', async () => {
    const oneByOne = inTurn();
    const order: string[] = [];
    const making = (name: string, fails = false) =>
      oneByOne({
        contentType: 'text/plain',
        chunks: (async function* () {
          order.push(`${name} begins`);
          await turn();
          if (fails) throw new Error('no answer');
          yield name;
          order.push(`${name} ends`);
        })(),
      });
    const unread = making('a').chunks[Symbol.asyncIterator]();
    await unread.next();
    const failed = textOf(making('b', true)).catch(() => 'failed');
    const last = textOf(making('c'));
    expect([await failed, await last]).toEqual(['failed', 'c']);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'c begins', 'c ends']);
  });
});
