import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ReportSlotsRequestSchema, ReportSlotsResponseSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SlotPart } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SampledRequest } from '../../src/analytics/sampled-request.ts';
import { reportSlotsMethod } from '../../src/telemetry/report-service.ts';
import { toSample } from '../../src/telemetry/sample-message.ts';
import { partsOf } from '../../src/telemetry/slot-message.ts';
import { rowOf, slotOf } from '../rollup/kept-slots.ts';
import { receiving, StoreInMemory } from './lossy-network.ts';

const slot = slotOf(10_000, [rowOf({ api: 'orders', client: 'shop' }, 3), rowOf({ client: 'till' }, -1)]);
const SAMPLE: SampledRequest = {
  event: {
    id: 'id-1',
    receivedAt: 1_700_000_000_000,
    endedAt: 1_700_000_000_123,
    api: 'orders',
    client: 'shop',
    outcome: 'blocked',
    reason: 'quota_spent',
    shadow: ['new:quota_spent'],
    method: 'GET',
    status: 429,
    grpcStatus: 8,
    responseFlags: ['UAEX'],
    requestBytes: 1,
    responseBytes: 2,
    durationMs: 1.5,
  },
  steps: [
    { name: 'a', policy: 'rate-limiting', mode: 'enforce', result: 'deny', reason: 'quota_spent', durationMs: 0.25 },
    { name: 'b', policy: 'jwt-validation', mode: 'shadow', result: 'not_reached', durationMs: 0 },
  ],
};

function changed(change: (part: SlotPart) => void): SlotPart {
  const [part] = [...partsOf(slot)];
  if (part === undefined) throw new Error('a slot has a part');
  change(part);
  return part;
}

interface Settled {
  readonly node: string;
  readonly fate: string;
  readonly detail: string;
}

async function report(requests: readonly Uint8Array[], store = new StoreInMemory(), settled: Settled[] = []) {
  const samples: SampledRequest[] = [];
  const method = reportSlotsMethod({
    ...receiving(store),
    takeSamples: (_, some) => void samples.push(...some),
    mostRows: 100,
    settled: (node, fate, detail) => void settled.push({ node, fate, detail }),
  });
  if (method.kind !== 'bidirectional') throw new TypeError('expected a stream');
  async function* sent() {
    yield* requests;
  }
  const answers = [];
  const call = { deadline: Infinity, signal: new AbortController().signal };
  for await (const bytes of method.handle(sent(), call)) answers.push(fromBinary(ReportSlotsResponseSchema, bytes));
  return { answers, samples, store };
}

const request = (part?: SlotPart, parts: object = {}): Uint8Array =>
  toBinary(
    ReportSlotsRequestSchema,
    create(ReportSlotsRequestSchema, { node: 'node-1', ...(part && { part }), ...parts }),
  );

describe('ostiary.v1.TelemetryService', () => {
  it('stores a slot as it was, and acknowledges it', async () => {
    const { answers, store } = await report([...partsOf(slot)].map((part) => request(part)));
    expect(store.slots).toEqual([slot]);
    expect(answers).toMatchObject([{ receipts: [{ epoch: slot.epoch, through: 0n, beyond: [2n] }], refusals: [] }]);
  });

  it('takes samples as they were, and passes over those that are none', async () => {
    const { samples } = await report([
      request(undefined, { samples: [toSample(SAMPLE), { id: 'x', outcome: 'unheard-of' }, {}] }),
    ]);
    expect(samples).toEqual([SAMPLE]);
  });

  it.each<[string, (part: SlotPart) => void]>([
    ['another epoch than there are', (part) => (part.epoch = '../../x')],
    ['no sequence', (part) => (part.sequence = 0n)],
    ['a sequence beyond all numbers', (part) => (part.sequence = 2n ** 60n)],
    ['a part that there is not', (part) => (part.part = 1)],
    ['as many parts as numbers', (part) => ([part.part, part.parts] = [0, 4_000_000_000])],
    ['a text that there is not', (part) => (part.rows!.values[3] = 99)],
    ['a value too few', (part) => void part.rows!.values.pop()],
    ['a number too few', (part) => void part.rows!.policyMs.pop()],
    ['no number', (part) => (part.rows!.durationMs[0] = Number.NaN)],
    ['a bucket that there is not', (part) => (part.rows!.buckets[0] = 201)],
    ['more buckets than there are', (part) => (part.rows!.bucketCount[1] = 4_000_000_000)],
    ['a first text', (part) => (part.rows!.texts[0] = 'x')],
    ['a text without end', (part) => (part.rows!.texts[1] = 'x'.repeat(5000))],
    ['a text that no database takes', (part) => (part.rows!.texts[1] = 'a\0b')],
    ['more requests than there can be', (part) => (part.rows!.count[0] = 2n ** 40n)],
    ['fewer requests than can be taken back', (part) => (part.rows!.count[0] = -(2n ** 40n))],
    ['more bytes than a line carries', (part) => (part.rows!.requestBytes[0] = 2n ** 50n)],
    ['more decisions than there can be', (part) => (part.decided = 2n ** 40n)],
    ['a longer duration than there can be', (part) => (part.rows!.durationMs[0] = 1e300)],
  ])('refuses a slot that has %s, and goes on', async (_, change) => {
    const part = changed(change);
    const next = [...partsOf({ ...slot, sequence: 7 })].map((each) => request(each));
    const { answers, store } = await report([request(part), ...next]);
    expect(answers[0]).toMatchObject({ receipts: [], refusals: [{ sequence: part.sequence, why: 'malformed' }] });
    expect(store.slots.map(({ sequence }) => sequence)).toEqual([7]);
  });

  it('refuses more rows than a slot may have, in however many parts', async () => {
    const rows = Array.from({ length: 101 }, (_, at) => rowOf({ route: `/${at}` }, 1));
    const { answers, store } = await report([...partsOf(slotOf(0, rows))].map((part) => request(part)));
    expect([answers[0]?.refusals[0]?.why, store.slots]).toEqual(['malformed', []]);
  });

  it('knows dimensions by their names: it passes over a new one, and takes one that is missing as empty', async () => {
    const part = changed(({ rows }) => {
      const at = rows?.dimensions.indexOf('client') ?? -1;
      rows!.dimensions[at] = 'planet';
    });
    const { store } = await report([request(part)]);
    expect(store.slots[0]?.rows.map(({ key }) => key.filter((text) => text !== ''))).toEqual([['orders'], []]);
  });

  it.each([
    ['no message', [new Uint8Array([255, 255])], /is no ReportSlotsRequest/],
    ['no node', [request(undefined, { node: '' })], /credential is of node-1, and tells nothing of ""/],
    ['another node', [request(undefined, { node: 'pod-9' })], /credential is of node-1, and tells nothing of "pod-9"/],
    ['two nodes', [request(), request(undefined, { node: 'pod-2' })], /tells nothing of "pod-2"/],
    ['a message of 5 MiB', [new Uint8Array(5 * 1024 * 1024)], /5242880 bytes: at most 4194304/],
    [
      'two million empty samples',
      [Uint8Array.from({ length: 4_000_000 }, (_, at) => (at % 2 === 0 ? 26 : 0))],
      /samples: more than 1000, or than 524288 bytes/,
    ],
  ])('ends a stream of %s, and tells of it', async (_, requests, message) => {
    const settled: Settled[] = [];
    await expect(report(requests, undefined, settled)).rejects.toThrow(message);
    expect(settled).toEqual([{ node: 'node-1', fate: 'refused', detail: expect.stringMatching(message) }]);
  });

  it('ends the older stream of a node that has opened another one', async () => {
    const method = reportSlotsMethod(receiving(new StoreInMemory()));
    if (method.kind !== 'bidirectional') throw new TypeError('expected a stream');
    const call = { deadline: Infinity, signal: new AbortController().signal };
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield request();
      await new Promise(() => {});
    }
    const older = method.handle(silent(), call)[Symbol.asyncIterator]().next();
    const newer = method.handle(silent(), call)[Symbol.asyncIterator]();
    void newer.next();
    await expect(older).rejects.toThrow(/opened another stream/);
  });

  it('reads a node more slowly that sends more than it can have counted', async () => {
    const delays: number[] = [];
    const method = reportSlotsMethod({
      ...receiving(new StoreInMemory()),
      pace: { burstRows: 250, rowsPerSecond: 100, epochsPerHour: 2, samplesPerMinute: 1 },
      timers: {
        after(delayMs, callback) {
          delays.push(Math.round(delayMs / 100) * 100);
          callback();
          return () => {};
        },
      },
    });
    if (method.kind !== 'bidirectional') throw new TypeError('expected a stream');
    async function* sent(): AsyncGenerator<Uint8Array> {
      for (const sequence of [1, 2, 3]) for (const part of partsOf({ ...slot, sequence })) yield request(part);
    }
    const call = { deadline: Infinity, signal: new AbortController().signal };
    for await (const _ of method.handle(sent(), call));
    // 102 rows each, of 250.
    expect(delays).toEqual([600]);
  });

  it('takes no more processes of a node than can have begun, and no more samples than it can have', async () => {
    const samples: SampledRequest[] = [];
    const method = reportSlotsMethod({
      ...receiving(new StoreInMemory()),
      takeSamples: (_, some) => void samples.push(...some),
      pace: { burstRows: 1e9, rowsPerSecond: 1e9, epochsPerHour: 2, samplesPerMinute: 3 },
    });
    if (method.kind !== 'bidirectional') throw new TypeError('expected a stream');
    const { handle } = method;
    async function* sent(): AsyncGenerator<Uint8Array> {
      yield request(undefined, { samples: [toSample(SAMPLE), toSample(SAMPLE)] });
      yield request(undefined, { samples: [toSample(SAMPLE), toSample(SAMPLE)] });
      for (const epoch of ['00000001', '00000002', '00000003'])
        for (const part of partsOf({ ...slot, epoch })) yield request(part);
    }
    const call = { deadline: Infinity, signal: new AbortController().signal };
    const reading = async (): Promise<void> => {
      for await (const _ of handle(sent(), call));
    };
    await expect(reading()).rejects.toThrow(/epoch: more processes/);
    expect(samples).toHaveLength(3);
  });

  it('ends the stream where a slot can not be stored, so that it is sent again', async () => {
    const full = new StoreInMemory(() => 'lost');
    const stored = report(
      [...partsOf(slot)].map((part) => request(part)),
      full,
    );
    await expect(stored).rejects.toThrow(/send them again later/);
  });
});
